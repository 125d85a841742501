/*
 * Equal outputs have equal keys, whatever the pieces; masked ones also those that differ by nature.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/fold_digest.h"

static struct fold_key key_of(const char *name, const char *out, const char *err, size_t piece)
{
	const struct fold_mask mask = fold_mask_of(str_of(name ? name : ""));
	struct fold_digest *digest = fold_digest_new(name ? &mask : NULL);
	struct fold_key key;

	for (size_t pos = 0; pos < strlen(out); pos += piece) {
		fold_digest_add(digest, FOLD_STDOUT, str_sub(str_of(out), pos, piece));
	}
	for (size_t pos = 0; pos < strlen(err); pos += piece) {
		fold_digest_add(digest, FOLD_STDERR, str_sub(str_of(err), pos, piece));
	}
	key = fold_digest_end(digest);
	fold_digest_free(&digest);
	assert_null(digest);
	fold_digest_free(&digest);
	return key;
}

static void assert_same(bool is_same, struct fold_key a, struct fold_key b)
{
	assert_int_equal(strlen(a.text), 64);
	assert_int_equal(strcmp(a.text, b.text) == 0, is_same);
}

static void bytes(void **state)
{
	(void)state;
	assert_same(true, fold_digest_text(str_of("a\nb")), key_of(NULL, "a\nb", "", 9));
	assert_same(true, key_of(NULL, "a\nb", "c", 1), key_of(NULL, "a\nb", "c", 9));
	assert_same(false, key_of(NULL, "a\nb", "", 9), key_of(NULL, "a\nb\n", "", 9));
	assert_same(false, key_of(NULL, "a", "", 9), key_of(NULL, "", "a", 9));
	assert_same(false, key_of(NULL, "a", "b", 9), key_of(NULL, "ab", "", 9));
	assert_same(false, key_of(NULL, "a\r\n", "", 9), key_of(NULL, "a\n", "", 9));
	/* It is in ledgers: sha256(sha256("abc") sha256("")). */
	assert_string_equal(key_of(NULL, "abc", "", 9).text,
		"6f1290896ee81a0349174d19f4473d267a10289c40480861d5c42affffbd79f9");
}

static void lines(void **state)
{
	(void)state;
	assert_same(true, key_of("web-01", "web-01 up 3 days\nx 10.0.0.1\n", "", 1),
		key_of("web-02", "web-02 up 4 days\nx 10.0.0.2\n", "", 9));
	assert_same(
		false, key_of("web-01", "web-02\n", "", 1), key_of("web-02", "web-02\n", "", 9));
	assert_same(true, key_of("a1", "10%\r20%\rdone\r\n", "", 1), key_of("a2", "done\n", "", 9));
	assert_same(false, key_of("a1", "x", "", 1), key_of("a1", "x\n", "", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
