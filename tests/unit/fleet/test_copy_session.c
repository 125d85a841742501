/*
 * Sums made there and sums of what is read back are the same.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"

#define ABC_SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

struct told {
	int count;
	struct copy_sum sum;
	struct err err;
};

static void on_digest(void *arg, const struct copy_sum *sum, const struct err *err)
{
	struct told *told = arg;

	told->count++;
	assert_true((sum != NULL) != (err != NULL));
	if (sum) {
		told->sum = *sum;
	} else if (err) {
		told->err = *err;
	}
}

static void test_digests(void **state)
{
	static const struct {
		const char *path;
		uint64_t max;
		const char *sum; /* NULL: none */
	} cases[] = {
		{"a", 3, ABC_SUM},
		{"b", UINT64_MAX, ABC_SUM},
		{"new\nline", UINT64_MAX, ABC_SUM},
		{"none", UINT64_MAX, NULL},
	};

	(void)state;
	for (int has_sums = 0; has_sums < 2; has_sums++) {
		struct copy_fixture f;

		if (!copy_fixture_start(&f, has_sums)) {
			skip_because("needs /usr/lib/openssh/sftp-server");
		}
		copy_fixture_make("a", "abcdef", 0644);
		copy_fixture_make("b", "abc", 0644);
		copy_fixture_make("new\nline", "abc", 0644);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct told told = {0};
			struct told freed = {0};
			struct copy_digest *digest = copy_digest_start(
				&f.session, cases[i].path, cases[i].max, on_digest, &freed);

			(void)copy_digest_start(
				&f.session, cases[i].path, cases[i].max, on_digest, &told);
			copy_digest_free(&digest);
			copy_fixture_until(&f, &told.count);
			assert_int_equal(freed.count, 0);
			if (cases[i].sum) {
				assert_string_equal(told.sum.hex, cases[i].sum);
			} else {
				assert_int_equal(told.err.code, ERR_NOT_FOUND);
				assert_string_equal(
					told.err.msg, "cannot open 'none': No such file");
			}
		}
		copy_fixture_stop(&f);
	}
}

static void test_words(void **state)
{
	static const struct {
		enum err_code code;
		const char *word;
	} cases[] = {
		{ERR_NOT_FOUND, "not_found"},
		{ERR_PERMISSION, "permission_denied"},
		{ERR_LIMIT, "no_space"},
		{ERR_BUSY, "interrupted"},
		{ERR_INPUT, "not_possible"},
		{ERR_SYSTEM, "failed"},
		{ERR_NETWORK, "protocol_error"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct copy_result result = {
			.verdict = COPY_FAILED, .err = {.code = cases[i].code}};

		assert_string_equal(copy_result_code(&result), cases[i].word);
	}
	for (int i = 0; i < COPY_VERDICT_MAX; i++) {
		const struct copy_result result = {.verdict = (enum copy_verdict)i};

		assert_non_null(copy_verdict_name(result.verdict));
		if (result.verdict != COPY_FAILED) {
			assert_string_equal(copy_result_code(&result), "ok");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
