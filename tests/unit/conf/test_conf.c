#include <sys/resource.h>
#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "support/conf_fixture.h"

enum {
	CPU_MAX_MS = 10000, /* on a slow machine, with sanitizers */
	LARGE_BYTES = 100 << 20,
};

static int64_t cpu_ms(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static int64_t memory_peak_kb(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static int read_path(struct conf_fixture *f, const char *path)
{
	int status;

	conf_fixture_reset(f);
	status = conf_read(&f->conf, path, sample_rows, &f->sample, &f->err);
	conf_fixture_collect(f);
	return status;
}

static void test_file(void **state)
{
	struct conf_fixture *f = *state;
	char path[] = "/tmp/test_conf.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, str_of("store: x\nssh: {workers: 3}\n")), 0);
	(void)close(fd);
	assert_int_equal(read_path(f, path), 0);
	assert_string_equal(f->conf.file, path);
	assert_string_equal(f->sample.store, "/tmp/x");
	assert_int_equal(f->sample.ssh.workers, 3);
	(void)unlink(path);
}

static void test_unreadable(void **state)
{
	static const struct {
		const char *path;
		enum err_code code;
		const char *error;
	} cases[] = {
		{"/nonexistent.yaml", ERR_NOT_FOUND,
			"cannot read '/nonexistent.yaml': No such file or directory"},
		{"/", ERR_INPUT, "cannot read '/': it is a directory"},
		{"/dev/zero", ERR_LIMIT, "cannot read '/dev/zero': larger than 4194304 bytes"},
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(read_path(f, cases[i].path), -1);
		assert_string_equal(f->err.msg, cases[i].error);
		assert_int_equal(f->err.code, cases[i].code);
		assert_int_equal(f->conf.errors_count, 1);
		assert_string_equal(f->conf.errors[0], cases[i].error);
	}
}

static void test_large_file(void **state)
{
	struct conf_fixture *f = *state;
	char path[] = "/tmp/test_conf.XXXXXX";
	int fd = mkstemp(path);
	const int64_t peak_kb = memory_peak_kb();

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, LARGE_BYTES), 0); /* a hole: it costs no disk */
	(void)close(fd);
	assert_int_equal(read_path(f, path), -1);
	(void)unlink(path);
	assert_int_equal(f->err.code, ERR_LIMIT);
	assert_in_range(memory_peak_kb() - peak_kb, 0, 64 * 1024);
}

static void must_be_bounded(struct conf_fixture *f, const struct strbuf *text, const char *error)
{
	const int64_t started_ms = cpu_ms();
	const int64_t peak_kb = memory_peak_kb();

	assert_int_equal(conf_fixture_read(f, strbuf_str(text)), -1);
	if (!strstr(f->errors.buf, error)) {
		fail_msg("%s", f->errors.buf);
	}
	assert_in_range(cpu_ms() - started_ms, 0, CPU_MAX_MS);
	assert_in_range(memory_peak_kb() - peak_kb, 0, 1024 * 1024);
}

static void test_deep(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "checks: ");
	strbuf_addn(&text, '[', 10000);
	must_be_bounded(*state, &text, "c.yaml:1:72: nested more than 64 deep");
}

static void test_billion_laughs(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "x-0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++) {
		strbuf_addf(&text, "x-%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++) {
			strbuf_addf(&text, "*a%d,", i - 1);
		}
		strbuf_adds(&text, "]\n");
	}
	strbuf_adds(&text, "ports: *a8\n");
	must_be_bounded(*state, &text, "too many values (more than 1000000, aliases expanded)");
}

/* Few enough values to be read, and all of them wrong. */
static void test_wide_aliases(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "x-a: &a [1,2,3,4,5,6,7,8,9]\nx-b: &b [");
	for (int i = 0; i < 40000; i++) {
		strbuf_adds(&text, "*a,");
	}
	strbuf_adds(&text, "]\nports: *b\n");
	must_be_bounded(*state, &text, "ports: expected one value (integer), not a list");
}

static void test_too_large(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addn(&text, 'x', CONF_FILE_MAX + 1);
	must_be_bounded(*state, &text, "c.yaml:1:1: larger than 4 MB");
}

static void test_many_unknown_keys(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	while (text.len < 1 << 20) {
		strbuf_addf(&text, "k%zu: v\n", text.len);
	}
	must_be_bounded(*state, &text, "c.yaml:1:1: unknown key 'k0'");
}

static void test_many_keys_of_a_map(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "labels:\n");
	while (text.len < 1 << 20) {
		strbuf_addf(&text, " k%zu: v\n", text.len);
	}
	strbuf_adds(&text, " k8: v\n");
	must_be_bounded(*state, &text, "key 'k8' is given twice; the first is on line 2");
}

/* What is put in can be much larger than where it is put. */
static void test_much_from_elsewhere(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addn(&text, 'x', 60000);
	(void)setenv("T_LONG", text.buf, 1);
	strbuf_clear(&text);
	strbuf_adds(&text, "tokens:\n");
	for (int i = 0; i < 20000; i++) {
		strbuf_adds(&text, "- ${T_LONG}\n");
	}
	must_be_bounded(*state, &text, "tokens: more than 16 MB of text from ${...} in all");
	(void)unsetenv("T_LONG");
}

static void test_item(void **state)
{
	struct conf_fixture *f = *state;
	const struct sample_check *check;
	void *item = NULL;

	conf_fixture_reset(f);
	assert_int_equal(
		conf_read_item(&f->conf, "--set", str_of("{name: a, tcp: 'x:1', timeout: 2s}"),
			&sample_checks, &item, &f->err),
		0);
	check = item;
	assert_string_equal(check->name, "a");
	assert_int_equal(check->timeout_ms, 2000);
	assert_ptr_equal(check->variant, &sample_tcp_kind);
	assert_string_equal(check->origin, "--set:1:1");

	/* Another one does not mind the first. */
	assert_int_equal(conf_read_item(&f->conf, "--set", str_of("name: b\nhttp: x\n"),
				 &sample_checks, &item, &f->err),
		0);
	assert_string_equal(((const struct sample_check *)item)->name, "b");
	assert_int_equal(f->conf.errors_count, 0);
}

static void test_bad_item(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "--set:1:1: check has no kind; it needs one of the keys 'http', 'ping', "
		     "'tcp' (and 1 more error)"},
		{"[a]", "--set:1:1: expected a mapping ('key: value') here, not a list"},
		{"{name: a, http: x, tmeout: 1}",
			"--set:1:20: unknown key 'tmeout' in check 'a'; did you mean 'timeout'?"},
		{"{", "--set:2:1: a list or mapping in brackets is not closed, or has nothing "
		      "before a ','"},
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		void *item = f;

		conf_fixture_reset(f);
		assert_int_equal(conf_read_item(&f->conf, "--set", str_of(cases[i].text),
					 &sample_checks, &item, &f->err),
			-1);
		assert_string_equal(f->err.msg, cases[i].error);
		assert_true(f->conf.errors_count > 0);
		assert_ptr_equal(item, f);
	}
}

static void test_quoted(void **state)
{
	static const char *const texts[] = {"", "plain", "a: b # c", "'\"\\", "${T_SECRET}",
		"$${x}", "\t\r\n", "\x1b[1m\x7f", "\xc3\xa9\xf0\x9f\x90\xb8\xe2\x80\xae",
		"\xef\xbb\xbf", "!tag", "- a", "null", "~"};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

		strbuf_adds(&text, "webhook: ");
		conf_add_quoted(str_of(texts[i]), &text);
		if (conf_fixture_read(f, strbuf_str(&text)) < 0) {
			fail_msg("%s: %s", text.buf, f->errors.buf);
		}
		assert_string_equal(f->sample.webhook, texts[i]);
	}
}

static void test_quoted_bad_bytes(void **state)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	(void)state;
	conf_add_quoted(str_of("a\xff\xfe"), &text);
	assert_string_equal(text.buf, "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_large_file),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_billion_laughs),
		cmocka_unit_test(test_wide_aliases),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_many_unknown_keys),
		cmocka_unit_test(test_many_keys_of_a_map),
		cmocka_unit_test(test_much_from_elsewhere),
		cmocka_unit_test(test_item),
		cmocka_unit_test(test_bad_item),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_quoted_bad_bytes),
	};

	return cmocka_run_group_tests(tests, conf_fixture_setup, conf_fixture_teardown);
}
