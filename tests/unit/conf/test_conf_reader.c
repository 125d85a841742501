#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/conf_fixture.h"

static void must_read(struct conf_fixture *f, const char *text)
{
	if (conf_fixture_read(f, str_of(text)) < 0) {
		fail_msg("%s", f->errors.buf);
	}
	assert_int_equal(f->conf.errors_count, 0);
}

static void test_table_is_sound(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(sample_rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static void test_empty_is_defaults(void **state)
{
	static const char *const texts[] = {"", "{}", "# nothing\n", "---\n",
		"servers:\nssh:\nchecks:\nports:\nx-anything: [1, {a: b}]\n"};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		must_read(f, texts[i]);
		assert_string_equal(f->sample.ssh.username, "root");
		assert_int_equal(f->sample.ssh.workers, 10);
		assert_int_equal(f->sample.ssh.ciphers.count, 2);
		assert_string_equal(f->sample.store, "/var/lib/state.db");
		assert_int_equal(f->sample.labels.count, 1);
		assert_int_equal(f->sample.checks.count, 0);
		assert_int_equal(f->sample.ports.count, 0);
		assert_null(f->sample.webhook);
		assert_false(f->sample.is_on);
	}
}

static void test_all_values(void **state)
{
	struct conf_fixture *f = *state;
	const struct option_map *groups = &f->sample.servers.groups;
	const struct option_list *db;

	must_read(f, "servers:\n"
		     "  groups: {web: 'web-[01-20]', db: [db-01, db-02], none: [], empty: }\n"
		     "  files: [a.txt, /b.txt]\n"
		     "ssh: {username: no, workers: 20, connect_timeout: 1m30s, ciphers: one}\n"
		     "store: state.db\n"
		     "webhook: ${T_SECRET}\n"
		     "color: never\n"
		     "on: yes\n"
		     "ratio: 0.25\n"
		     "limit: 64k\n"
		     "labels: {team: web, 'a.b': 'x y'}\n"
		     "ports: [80, '443']\n");
	assert_int_equal(groups->count, 4);
	assert_string_equal(groups->keys[1], "db");
	db = &OPTION_AT(groups, struct option_list, 1);
	assert_int_equal(db->count, 2);
	assert_string_equal(OPTION_AT(db, const char *, 1), "db-02");
	assert_int_equal(OPTION_AT(groups, struct option_list, 0).count, 1);
	assert_int_equal(OPTION_AT(groups, struct option_list, 3).count, 0);
	assert_string_equal(OPTION_AT(&f->sample.servers.files, const char *, 0), "/etc/x/a.txt");
	assert_string_equal(OPTION_AT(&f->sample.servers.files, const char *, 1), "/b.txt");
	assert_string_equal(f->sample.ssh.username, "no");
	assert_int_equal(f->sample.ssh.workers, 20);
	assert_int_equal(f->sample.ssh.connect_timeout_ms, 90000);
	assert_int_equal(f->sample.ssh.ciphers.count, 1);
	assert_string_equal(OPTION_AT(&f->sample.ssh.ciphers, const char *, 0), "one");
	assert_string_equal(f->sample.store, "/etc/x/state.db");
	assert_string_equal(f->sample.webhook, "hunter2");
	assert_int_equal(f->sample.color, 2);
	assert_true(f->sample.is_on);
	assert_true(f->sample.ratio == 0.25);
	assert_int_equal(f->sample.limit_bytes, 65536);
	assert_int_equal(f->sample.labels.count, 2);
	assert_string_equal(f->sample.labels.keys[1], "a.b");
	assert_string_equal(OPTION_AT(&f->sample.labels, const char *, 1), "x y");
	assert_int_equal(f->sample.ports.count, 2);
	assert_int_equal(OPTION_AT(&f->sample.ports, int64_t, 1), 443);
}

static void test_values_from_elsewhere(void **state)
{
	struct conf_fixture *f = *state;

	must_read(f, "ssh: {connect_timeout: '${T_TIMEOUT}', username: '$${T_TIMEOUT}'}\n"
		     "limit: ${T_UNSET:-4k}\n"
		     "labels: {a: '<${T_TIMEOUT}>', '${T_TIMEOUT}': b}\n"
		     "tokens: ['${T_SECRET}', plain]\n");
	assert_int_equal(f->sample.ssh.connect_timeout_ms, 7000);
	assert_string_equal(f->sample.ssh.username, "${T_TIMEOUT}");
	assert_int_equal(f->sample.limit_bytes, 4096);
	assert_string_equal(OPTION_AT(&f->sample.labels, const char *, 0), "<7s>");
	assert_string_equal(f->sample.labels.keys[1], "${T_TIMEOUT}"); /* values only */
	assert_string_equal(OPTION_AT(&f->sample.tokens, const char *, 0), "hunter2");
}

static void test_anchors(void **state)
{
	struct conf_fixture *f = *state;

	must_read(f, "x-ssh: &ssh {workers: 5, username: me}\n"
		     "x-hosts: &hosts [a, b]\n"
		     "ssh: {<<: *ssh, username: you}\n"
		     "servers: {groups: {all: *hosts}}\n");
	assert_int_equal(f->sample.ssh.workers, 5);
	assert_string_equal(f->sample.ssh.username, "you");
	assert_int_equal(OPTION_AT(&f->sample.servers.groups, struct option_list, 0).count, 2);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *errors;
	} cases[] = {
		/* keys */
		{"chekcs: []\n", "c.yaml:1:1: unknown key 'chekcs'; did you mean 'checks'?\n"},
		{"nonsense: 1\n", "c.yaml:1:1: unknown key 'nonsense'\n"},
		{"inclued: a\n", "c.yaml:1:1: unknown key 'inclued'; did you mean 'include'?\n"},
		{"ssh: {wokers: 1}\n",
			"c.yaml:1:7: unknown key 'wokers' in 'ssh'; did you mean 'workers'?\n"},
		{"ssh: {connect-timeout: 1}\n",
			"c.yaml:1:7: unknown key 'connect-timeout' in 'ssh'; did you mean "
			"'connect_timeout'?\n"},
		{"'a\\nb': 1\n\"\\e[1m\": 2\n", "c.yaml:1:1: unknown key 'a\\nb'\n"
						"c.yaml:2:1: unknown key '\\x1b[1m'\n"},
		{"verbose: 1\n", "c.yaml:1:1: unknown key 'verbose'\n"},
		{"store: a\nstore: b\n",
			"c.yaml:2:1: key 'store' is given twice; the first is on line 1\n"},
		/* values */
		{"ssh: {workers: many}\n",
			"c.yaml:1:16: workers: number 'many': not a whole number\n"},
		{"ssh: {workers: 0}\n",
			"c.yaml:1:16: workers: number '0': must be from 1 to 1000\n"},
		{"ssh:\n  connect_timeout: 10 parsecs\n",
			"c.yaml:2:20: connect_timeout: duration '10 parsecs': unknown unit "
			"'parsecs'; use ms, s, m, h, d or w\n"},
		{"ssh: {connect_timeout: -5s}\n",
			"c.yaml:1:24: connect_timeout: duration '-5s': must not be negative; write "
			"it like 500ms, 30s, 5m or 1h30m\n"},
		{"color: nevr\n", "c.yaml:1:8: color: 'nevr' is not one of auto, always, never; "
				  "did you mean 'never'?\n"},
		{"ratio: 1.5\n", "c.yaml:1:8: ratio: number '1.5': must be at most 1\n"},
		{"limit: 0\n", "c.yaml:1:8: limit: size '0': must be at least 1 bytes\n"},
		{"ports: [80, 70000, x]\n",
			"c.yaml:1:13: ports: number '70000': must be from 1 to 65535\n"
			"c.yaml:1:20: ports: number 'x': not a whole number\n"},
		/* shapes */
		{"store: [a]\n", "c.yaml:1:8: store: expected one value (path), not a list\n"},
		{"store: {a: b}\n",
			"c.yaml:1:8: store: expected one value (path), not a mapping\n"},
		{"store:\n", "c.yaml:1:7: store: no value is given (path)\n"},
		{"on: ~\n", "c.yaml:1:5: on: no value is given (boolean)\n"},
		{"ports: {a: b}\n",
			"c.yaml:1:8: ports: expected a list of values, not a mapping\n"},
		{"ports: [[1]]\n", "c.yaml:1:9: ports: expected one value (integer), not a list\n"},
		{"ports: [1, ]\nlabels: {a: }\n",
			"c.yaml:2:13: labels.a: no value is given (string)\n"},
		{"labels: [a]\n",
			"c.yaml:1:9: labels: expected a mapping ('key: value'), not a list\n"},
		{"labels: {a: [b]}\n",
			"c.yaml:1:13: labels.a: expected one value (string), not a list\n"},
		{"labels: {_a: b, c: }\n", "c.yaml:1:10: labels: a label must not begin with '_'\n"
					   "c.yaml:1:20: labels.c: no value is given (string)\n"},
		{"ssh: me\n", "c.yaml:1:6: ssh: expected a mapping ('key: value'), not a text\n"},
		{"ssh: [a]\n", "c.yaml:1:6: ssh: expected a mapping ('key: value'), not a list\n"},
		{"checks: {a: b}\n", "c.yaml:1:9: checks: expected a list ('- '), not a mapping\n"},
		{"checks: all\n", "c.yaml:1:9: checks: expected a list ('- '), not a text\n"},
		{"servers: {groups: {a: {b: c}}}\n",
			"c.yaml:1:23: groups.a: expected a list of values, not a mapping\n"},
		/* required */
		{"mail: {to: x}\n", "c.yaml:1:7: key 'smtp' is missing in 'mail'\n"},
		{"mail: {}\n", "c.yaml:1:7: key 'smtp' is missing in 'mail'\n"},
		{"mail: {smtp: }\n", "c.yaml:1:14: smtp: no value is given (string)\n"},
		/* secrets */
		{"pin: hunter2\n",
			"c.yaml:1:6: pin: the value (not shown) is not a valid integer\n"},
		{"pin: ${T_SECRET}\n",
			"c.yaml:1:6: pin: the value (not shown) is not a valid integer\n"},
		{"pin: [hunter2]\n", "c.yaml:1:6: pin: expected one value (integer), not a list\n"},
		{"mail: hunter2\n",
			"c.yaml:1:7: mail: expected a mapping ('key: value'), not a text\n"},
		/* values from elsewhere */
		{"store: a${T_UNSET}\n",
			"c.yaml:1:8: store: the environment variable T_UNSET is not set; set it, "
			"or write ${T_UNSET:-default}\n"},
		{"ssh: {connect_timeout: '${T_BAD}'}\n",
			"c.yaml:1:24: connect_timeout: duration 'soon': not a duration; write it "
			"like 500ms, 30s, 5m or 1h30m\n"},
		{"store: ${file:/nonexistent}\n",
			"c.yaml:1:8: store: ${file:/nonexistent}: cannot read '/nonexistent': No "
			"such file or directory\n"},
		{"ssh: {workers: '${file:/proc/self/comm}'}\n",
			"c.yaml:1:16: workers: the value (not shown) is not a valid integer\n"},
		/* the whole */
		{"- a\n", "c.yaml:1:1: expected a mapping ('key: value') here, not a list\n"},
		{"ssh: {workers: 0\n",
			"c.yaml:2:1: expected ',' or '}' here (the mapping begins on line 1)\n"},
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(conf_fixture_read(f, str_of(cases[i].text)), -1);
		assert_string_equal(f->errors.buf, cases[i].errors);
		assert_int_equal(f->err.code, ERR_INPUT);
		assert_int_equal(f->conf.errors_dropped, 0);
	}
}

static void test_all_errors_at_once(void **state)
{
	struct conf_fixture *f = *state;

	assert_int_equal(conf_fixture_read(f, str_of("mail:\n"
						     "  to: [a, {b: c}]\n"
						     "store: *none\n"
						     "ssh:\n"
						     "  workers: 0\n"
						     "  workers: 1\n"
						     "  colour: x\n"
						     "color: red\n"
						     "checks:\n"
						     "  - {http: x, timeout: 0}\n")),
		-1);
	assert_string_equal(f->errors.buf,
		"c.yaml:2:3: key 'smtp' is missing in 'mail'\n"
		"c.yaml:2:11: to: expected one value (string), not a mapping\n"
		"c.yaml:3:8: alias '*none' has no anchor '&none' before it\n"
		"c.yaml:5:12: workers: number '0': must be from 1 to 1000\n"
		"c.yaml:6:3: key 'workers' is given twice; the first is on line 5\n"
		"c.yaml:7:3: unknown key 'colour' in 'ssh'\n"
		"c.yaml:8:8: color: 'red' is not one of auto, always, never\n"
		"c.yaml:10:5: key 'name' is missing in checks[0]\n"
		"c.yaml:10:24: timeout: duration '0': must be at least 1ms\n");
	assert_string_equal(
		f->err.msg, "c.yaml:2:3: key 'smtp' is missing in 'mail' (and 8 more errors)");
}

static void test_errors_of_anchors_are_told_where_they_are_used(void **state)
{
	struct conf_fixture *f = *state;

	assert_int_equal(conf_fixture_read(f, str_of("x-a: &many many\n"
						     "x-b: &bad {workers: none}\n"
						     "ssh: {workers: *many}\n"
						     "checks:\n"
						     "  - {<<: *bad, http: x, name: a}\n"
						     "  - {<<: *bad, http: x, name: a}\n")),
		-1);
	assert_string_equal(f->errors.buf,
		"c.yaml:2:12: unknown key 'workers' in check 'a'\n"
		"c.yaml:3:16: workers: number 'many': not a whole number\n");
}

static void test_deprecated(void **state)
{
	struct conf_fixture *f = *state;
	const struct sample_check *check;

	must_read(f, "checks: [{name: a, http: x, max_time: 3s}]\n");
	check = f->sample.checks.items[0];
	assert_int_equal(check->timeout_ms, 3000);
	assert_int_equal(f->conf.warnings_count, 1);
	assert_string_equal(
		f->conf.warnings[0], "c.yaml:1:29: key 'max_time' is deprecated; use 'timeout'");

	assert_int_equal(conf_fixture_read(f, str_of("checks: [{name: a, http: x, max_time: 3s, "
						     "timeout: 4s}]\n")),
		-1);
	assert_string_equal(f->errors.buf, "c.yaml:1:43: timeout: given already at c.yaml:1:39\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_empty_is_defaults),
		cmocka_unit_test(test_all_values),
		cmocka_unit_test(test_values_from_elsewhere),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_all_errors_at_once),
		cmocka_unit_test(test_errors_of_anchors_are_told_where_they_are_used),
		cmocka_unit_test(test_deprecated),
	};

	return cmocka_run_group_tests(tests, conf_fixture_setup, conf_fixture_teardown);
}
