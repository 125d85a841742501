/*
 * Sums made by a shell, and by one that says something else.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"

#define ABC_SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABCDEF_SUM "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721"

struct told {
	int count;
	char sum[COPY_SUM_LEN + 1]; /* "": none */
};

static void on_sum(void *arg, const struct copy_sum *sum)
{
	struct told *told = arg;

	told->count++;
	(void)snprintf(told->sum, sizeof(told->sum), "%s", sum ? sum->hex : "");
}

static void test_shell(void **state)
{
	static const struct {
		const char *path;
		uint64_t max;
		const char *sum;
	} cases[] = {
		{"a", UINT64_MAX, ABCDEF_SUM},
		{"a", 3, ABC_SUM},
		{"a", 6, ABCDEF_SUM},
		{"a", 100, ABCDEF_SUM},
		{"none", UINT64_MAX, ""},
		{"none", 5, ""},
		{" b'\"$(touch x)\\ ", UINT64_MAX, ABC_SUM},
		{"-n", UINT64_MAX, ABC_SUM},
		{".", UINT64_MAX, ""},
	};
	struct told told[ARRAY_LEN(cases)] = {0};
	struct copy_fixture f;

	(void)state;
	if (!copy_fixture_start(&f, true)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	copy_fixture_make("a", "abcdef", 0644);
	copy_fixture_make(" b'\"$(touch x)\\ ", "abc", 0644);
	copy_fixture_make("-n", "abc", 0644);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(copy_hasher_can(f.session.hasher, cases[i].path));
		copy_hasher_ask(f.session.hasher, cases[i].path, cases[i].max, on_sum, &told[i]);
	}
	assert_int_equal(copy_hasher_pending(f.session.hasher), ARRAY_LEN(cases));
	copy_fixture_until(&f, &told[ARRAY_LEN(cases) - 1].count);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(told[i].count, 1);
		assert_string_equal(told[i].sum, cases[i].sum);
	}
	assert_string_equal(copy_fixture_list(&f, "."), " b'\"$(touch x)\\  -n a ");
	assert_false(copy_hasher_can(f.session.hasher, "a\nb"));
	copy_fixture_stop(&f);
}

/* A shell that the test plays. */
struct played {
	struct copy_hasher *hasher;
	struct strbuf said;
};

static void on_send(void *arg, struct str bytes)
{
	strbuf_addstr(&((struct played *)arg)->said, bytes);
}

static void play(struct played *played)
{
	static const struct copy_hasher_events events = {on_send};

	*played = (struct played){.said = STRBUF_INIT};
	played->hasher = copy_hasher_new(&events, played);
}

static void say(struct played *played, const char *text)
{
	copy_hasher_receive(played->hasher, str_of(text));
}

static void stop(struct played *played)
{
	copy_hasher_free(&played->hasher);
	strbuf_release(&played->said);
}

static void test_dialogue(void **state)
{
	struct played played;
	struct told a = {0};
	struct told b = {0};
	struct told c = {0};

	(void)state;
	play(&played);
	copy_hasher_ask(played.hasher, "/a", UINT64_MAX, on_sum, &a);
	assert_string_equal(played.said.buf, ""); /* waits for it */
	say(&played, "Welcome!\nsre-copy-sums re");
	say(&played, "ady\n");
	assert_string_equal(played.said.buf, "-\n/a\n");
	copy_hasher_ask(played.hasher, "b", 7, on_sum, &b);
	copy_hasher_ask(played.hasher, "c", 0, on_sum, &c);
	assert_string_equal(played.said.buf, "-\n/a\n7\n./b\n0\n./c\n");
	copy_hasher_forget(played.hasher, &b);
	say(&played, "=" ABC_SUM "\n=" ABC_SUM "\n-\n");
	assert_string_equal(a.sum, ABC_SUM);
	assert_int_equal(b.count, 0);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.sum, "");
	assert_int_equal(copy_hasher_pending(played.hasher), 0);
	stop(&played);
}

static void test_absent(void **state)
{
	static const char *const answers[] = {
		"sre-copy-sums none\n",
		"sre-copy-sums ready\nnonsense\n",
		"sre-copy-sums ready\n=12\nx\n",
		"sre-copy-sums ready\n-\n-\n-\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct played played;
		struct told a = {0};
		struct told b = {0};

		play(&played);
		copy_hasher_ask(played.hasher, "a", UINT64_MAX, on_sum, &a);
		copy_hasher_ask(played.hasher, "b", UINT64_MAX, on_sum, &b);
		say(&played, answers[i]);
		assert_int_equal(a.count, 1);
		assert_int_equal(b.count, 1);
		assert_string_equal(a.sum, "");
		assert_false(copy_hasher_can(played.hasher, "a"));
		stop(&played);
	}
}

static void test_over(void **state)
{
	struct played played;
	struct told a = {0};
	struct strbuf long_line = STRBUF_INIT;

	(void)state;
	play(&played);
	strbuf_addn(&long_line, 'x', 100000);
	copy_hasher_receive(played.hasher, strbuf_str(&long_line)); /* of which little is kept */
	copy_hasher_ask(played.hasher, "a", UINT64_MAX, on_sum, &a);
	copy_hasher_end(played.hasher);
	assert_int_equal(a.count, 1);
	assert_false(copy_hasher_can(played.hasher, "a"));
	strbuf_release(&long_line);
	stop(&played);
}

static void free_hasher(void *arg, const struct copy_sum *sum)
{
	struct played *played = arg;

	(void)sum;
	copy_hasher_free(&played->hasher);
}

static void test_freed_inside(void **state)
{
	struct played played;

	(void)state;
	play(&played);
	copy_hasher_ask(played.hasher, "a", UINT64_MAX, free_hasher, &played);
	copy_hasher_ask(played.hasher, "b", UINT64_MAX, free_hasher, &played);
	say(&played, "sre-copy-sums ready\n=" ABC_SUM "\n=" ABC_SUM "\n");
	assert_null(played.hasher);
	stop(&played);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_dialogue),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_freed_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
