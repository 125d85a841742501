/*
 * Keys that servers ought to have: known hosts, fingerprints, and what is neither.
 */
#include "base/alloc.h"
#include "base/base64.h"
#include "cmocka_all.h"
#include "fleet/key_expected.h"
#include "fleet/survey_sample.h"
#include "net/ssh_host_key.h"

static bool has(struct key_expected *expected, struct arena *arena, const char *name, char letter)
{
	return key_expected_has(
		expected, &(struct ssh_hosts_name){name, 22}, sample_blob(arena, letter));
}

static void test_has(void **state)
{
	struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct key_expected *expected = NULL;
	struct err err = {0};

	(void)state;
	strbuf_adds(&text, "# from the console\r\n\n256 ");
	ssh_host_key_add_fingerprint(&text, sample_blob(arena, 'a'));
	strbuf_adds(&text, " root@web-01 (ED25519)\r\n  ");
	ssh_host_key_add_fingerprint(&text, sample_blob(arena, 'b'));
	strbuf_addf(&text, "\n%s", sample_known(arena, "web-01 c\n@revoked * R\ndb-* A\n"));
	assert_int_equal(key_expected_read_text(strbuf_str(&text), "file", &expected, &err), 0);
	assert_true(has(expected, arena, "web-01", 'a'));
	assert_true(has(expected, arena, "db-01", 'b'));
	assert_true(has(expected, arena, "web-01", 'c'));
	assert_false(has(expected, arena, "web-02", 'c'));
	assert_true(has(expected, arena, "db-01", 'A'));
	assert_false(has(expected, arena, "web-01", 'R'));
	assert_false(has(expected, arena, "web-01", 'd'));
	key_expected_free(&expected);
	key_expected_free(&expected);
	strbuf_release(&text);
	arena_free(arena);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "'file' has no keys"},
		{"# nothing\n", "'file' has no keys"},
		{"# x\nweb-01\n", "file:2 is neither"},
		{"SHA256:short\n", "file:1 is neither"},
		{"MD5:00:11:22\n", "file:1 is neither"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct key_expected *expected = NULL;
		struct err err = {0};

		assert_int_equal(
			key_expected_read_text(str_of(cases[i].text), "file", &expected, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, cases[i].says));
		assert_null(expected);
	}
	assert_int_equal(key_expected_read("/nowhere", &(struct key_expected *){NULL}, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
