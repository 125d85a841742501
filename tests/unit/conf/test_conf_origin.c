#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/conf_internal.h"
#include "support/conf_fixture.h"

static const char *const origins[] = {
	[CONF_DEFAULT] = "default", [CONF_FILE] = "file", [CONF_FLAG] = "flag"};

/* All values, a line each: "path = text (origin where)". */
static void list(const struct conf *conf, struct strbuf *out)
{
	strbuf_clear(out);
	for (size_t i = 0; i < conf->values_count; i++) {
		const struct conf_value *value = &conf->values[i];

		strbuf_addf(out, "%s = %s (%s%s%s)\n", value->path, value->text,
			origins[value->origin], value->where ? " " : "",
			value->where ? value->where : "");
	}
}

static void must_list(struct conf_fixture *f, const char *text, const char *expected)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (conf_fixture_read(f, str_of(text)) < 0) {
		fail_msg("%s", f->errors.buf);
	}
	conf_list_values(&f->conf, sample_rows, &f->sample);
	list(&f->conf, &out);
	assert_string_equal(out.buf, expected);
}

static void test_defaults(void **state)
{
	must_list(*state, "",
		"ssh.username = root (default)\n"
		"ssh.workers = 10 (default)\n"
		"ssh.connect_timeout = 10s (default)\n"
		"ssh.ciphers = aes, chacha (default)\n"
		"store = /var/lib/state.db (default)\n"
		"color = auto (default)\n"
		"limit = 1M (default)\n"
		"labels = site=here (default)\n");
}

static void test_given(void **state)
{
	must_list(*state,
		"limit: ${T_UNSET:-4k}\n"
		"store: x.db\n"
		"webhook: http://x/hunter2\n"
		"tokens: [hunter2, '${T_SECRET}']\n"
		"ports: []\n"
		"labels: {team: web, 'a.b': '1'}\n"
		"servers: {groups: {web: [w1, w2], none: []}, files: hosts}\n"
		"ssh: {ciphers: }\n"
		"checks:\n"
		"  - {name: api, http: x, warning: {a: 1}, expect: {body: ok}}\n"
		"  - {max_time: 1s, name: mail, tcp: x, dialogue: [{wait: a}]}\n",
		"servers.groups.web[0] = w1 (file c.yaml:7:26)\n"
		"servers.groups.web[1] = w2 (file c.yaml:7:30)\n"
		"servers.groups.none = [] (file c.yaml:7:41)\n"
		"servers.files[0] = hosts (file c.yaml:7:53)\n"
		"ssh.username = root (default)\n"
		"ssh.workers = 10 (default)\n"
		"ssh.connect_timeout = 10s (default)\n"
		"ssh.ciphers = [] (file c.yaml:8:16)\n"
		"checks[0].name = api (file c.yaml:10:12)\n"
		"checks[0].timeout = 10s (default)\n"
		"checks[0].warning.a = 1 (file c.yaml:10:39)\n"
		"checks[0].http = x (file c.yaml:10:23)\n"
		"checks[0].method = GET (default)\n"
		"checks[0].status = 200, 204 (default)\n"
		"checks[0].expect.body = ok (file c.yaml:10:58)\n"
		"checks[1].name = mail (file c.yaml:11:26)\n"
		"checks[1].timeout = 1s (file c.yaml:11:16)\n"
		"checks[1].tcp = x (file c.yaml:11:37)\n"
		"checks[1].dialogue[0].wait = a (file c.yaml:11:58)\n"
		"checks[1].open = true (default)\n"
		"store = x.db (file c.yaml:2:8)\n"
		"webhook = *** (file c.yaml:3:10)\n"
		"color = auto (default)\n"
		"limit = ${T_UNSET:-4k} (file c.yaml:1:8)\n"
		"labels.team = web (file c.yaml:6:16)\n"
		"labels[\"a.b\"] = 1 (file c.yaml:6:28)\n"
		"ports = [] (file c.yaml:5:8)\n"
		"tokens[0] = *** (file c.yaml:4:10)\n"
		"tokens[1] = *** (file c.yaml:4:19)\n");
}

static void test_lists_in_a_section(void **state)
{
	must_list(*state,
		"store: x\n"
		"color: never\n"
		"labels: {}\n"
		"ssh: {workers: 1, username: u, connect_timeout: 1s, ciphers: a}\n"
		"limit: 1\n"
		"mail:\n"
		"  smtp: x\n"
		"  routes:\n"
		"    - {name: web, match: {team: a}, to: [b, c]}\n"
		"    - {to: [], again: 9h, quiet: {files: f}}\n"
		"  receivers: [{send: s}, {wait: w}]\n",
		"ssh.username = u (file c.yaml:4:29)\n"
		"ssh.workers = 1 (file c.yaml:4:16)\n"
		"ssh.connect_timeout = 1s (file c.yaml:4:49)\n"
		"ssh.ciphers[0] = a (file c.yaml:4:62)\n"
		"mail.smtp = x (file c.yaml:7:9)\n"
		"mail.routes[0].name = web (file c.yaml:9:14)\n"
		"mail.routes[0].match.team = a (file c.yaml:9:33)\n"
		"mail.routes[0].to[0] = b (file c.yaml:9:42)\n"
		"mail.routes[0].to[1] = c (file c.yaml:9:45)\n"
		"mail.routes[0].wait = 30s (default)\n"
		"mail.routes[0].repeat = 4h (default)\n"
		"mail.routes[1].to = [] (file c.yaml:10:12)\n"
		"mail.routes[1].wait = 30s (default)\n"
		"mail.routes[1].repeat = 9h (file c.yaml:10:23)\n"
		"mail.routes[1].quiet.files[0] = f (file c.yaml:10:42)\n"
		"mail.receivers[0].send = s (file c.yaml:11:22)\n"
		"mail.receivers[1].wait = w (file c.yaml:11:33)\n"
		"store = x (file c.yaml:1:8)\n"
		"color = never (file c.yaml:2:8)\n"
		"limit = 1 (file c.yaml:5:8)\n"
		"labels = {} (file c.yaml:3:9)\n");
}

static void test_where(void **state)
{
	struct conf_fixture *f = *state;

	assert_int_equal(conf_fixture_read(f, str_of("ssh:\n  workers: 3\nports: [1,\n 2]\n")), 0);
	assert_string_equal(conf_where(&f->conf, "ssh.workers"), "c.yaml:2:12");
	assert_string_equal(conf_where(&f->conf, "ssh"), "c.yaml:2:3");
	assert_string_equal(conf_where(&f->conf, "ports"), "c.yaml:3:8");
	assert_string_equal(conf_where(&f->conf, "ports[1]"), "c.yaml:4:2");
	assert_null(conf_where(&f->conf, "ssh.username"));
	assert_null(conf_where(&f->conf, ""));

	assert_int_equal(conf_fixture_read(f, str_of("labels: {a: b, 'c.d\"': e}\n"
						     "servers: {groups: {'g.h': [i, j], k: l}}")),
		0);
	assert_string_equal(conf_where_key(&f->conf, "labels", "a", 0), "c.yaml:1:13");
	assert_string_equal(conf_where_key(&f->conf, "labels", "c.d\"", 0), "c.yaml:1:24");
	assert_null(conf_where_key(&f->conf, "labels", "c", 0));
	assert_string_equal(conf_where_key(&f->conf, "servers.groups", "g.h", 1), "c.yaml:2:31");
	assert_string_equal(conf_where_key(&f->conf, "servers.groups", "g.h", 9), "c.yaml:2:27");
	assert_string_equal(conf_where_key(&f->conf, "servers.groups", "k", 0), "c.yaml:2:38");
}

static void test_flags(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct conf_fixture *f = *state;

	assert_int_equal(conf_fixture_read(f, str_of("ssh: {workers: 3}\n")), 0);
	conf_note_flag(&f->conf, "ssh.workers", "5", "--workers");
	conf_note_flag(&f->conf, "store", "/x", "--store");
	conf_note_flag(&f->conf, "pin", "1234", "--pin");
	assert_string_equal(conf_where(&f->conf, "ssh.workers"), "--workers");
	conf_list_values(&f->conf, sample_rows, &f->sample);
	list(&f->conf, &out);
	assert_non_null(strstr(out.buf, "ssh.workers = 5 (flag --workers)\n"));
	assert_non_null(strstr(out.buf, "store = /x (flag --store)\n"));
	assert_non_null(strstr(out.buf, "pin = *** (flag --pin)\n"));
}

static void test_without_a_file(void **state)
{
	struct conf_fixture *f = *state;

	conf_fixture_reset(f);
	conf_read_nothing(&f->conf, sample_rows, &f->sample);
	assert_null(f->conf.file);
	assert_null(conf_where(&f->conf, "store"));
	conf_list_values(&f->conf, sample_rows, &f->sample);
	assert_int_equal(f->conf.values_count, 8);
	conf_note_flag(&f->conf, "store", "/x", "--store");
	assert_string_equal(conf_where(&f->conf, "store"), "--store");
}

static void test_forget(void **state)
{
	struct conf_fixture *f = *state;

	assert_int_equal(conf_fixture_read(f, str_of("ssh: {workers: 3}\n")), 0);
	conf_forget_origins(&f->conf);
	assert_null(conf_where(&f->conf, "ssh.workers"));
	assert_int_equal(f->sample.ssh.workers, 3);
	conf_forget_origins(&f->conf);
}

static void test_listing_again(void **state)
{
	struct conf_fixture *f = *state;
	size_t count;

	assert_int_equal(conf_fixture_read(f, str_of("ssh: {workers: 3}\n")), 0);
	conf_list_values(&f->conf, sample_rows, &f->sample);
	count = f->conf.values_count;
	conf_list_values(&f->conf, sample_rows, &f->sample);
	assert_int_equal(f->conf.values_count, count);
}

static void test_items_with_faults(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct conf_fixture *f = *state;

	assert_int_equal(conf_fixture_read(f, str_of("mail: {routes: [a, {name: b}]}\n")), -1);
	conf_list_values(&f->conf, sample_rows, &f->sample);
	list(&f->conf, &out);
	assert_non_null(strstr(out.buf, "mail.routes[1].name = b (file c.yaml:1:27)\n"));

	assert_int_equal(
		conf_fixture_read(f, str_of("checks: [{name: a}, b, {name: c, http: x}]\n")), -1);
	assert_int_equal(f->sample.checks.count, 3);
	conf_list_values(&f->conf, sample_rows, &f->sample);
	list(&f->conf, &out);
	assert_non_null(strstr(out.buf, "checks[0].name = a (file c.yaml:1:17)\n"));
	assert_non_null(strstr(out.buf, "checks[2].http = x (file c.yaml:1:40)\n"));
}

static void test_origins(void **state)
{
	struct conf_origins *all = conf_origins_new();
	char path[] = "a.b";
	char text[] = "text";
	const struct conf_given given = {.text = text, .file = "f", .place = {1, 2}, .index = 3};

	(void)state;
	assert_null(conf_origins_find(all, str_of("a.b")));
	(void)conf_origins_add(all, str_of(path), &given);
	path[0] = text[0] = 'x'; /* both were copied */
	assert_non_null(conf_origins_find(all, str_of("a.b")));
	assert_string_equal(conf_origins_find(all, str_of("a.b"))->text, "text");
	assert_int_equal(conf_origins_find(all, str_of("a.b"))->index, 3);
	assert_null(conf_origins_find(all, str_of("a")));
	conf_origins_free(all);
	conf_origins_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_lists_in_a_section),
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_without_a_file),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_listing_again),
		cmocka_unit_test(test_items_with_faults),
		cmocka_unit_test(test_origins),
	};

	return cmocka_run_group_tests(tests, conf_fixture_setup, conf_fixture_teardown);
}
