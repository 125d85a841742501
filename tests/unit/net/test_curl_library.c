/*
 * libcurl as it is loaded, and what is said when it is not there, or is something else.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/curl_library.h"
#include "support/http_fixture.h"

static void test_loaded(void **state)
{
	(void)state;
	const struct curl_library *curl;
	struct err err = {0};

	assert_int_equal(curl_library_load(&err), 0);
	assert_int_equal(err.code, ERR_NONE);
	assert_int_equal(curl_library_load(NULL), 0);
	curl = curl_library();
	assert_ptr_equal(curl, curl_library());
	assert_true(curl->version_info(CURLVERSION_NOW)->version_num >= 0x075800);
	assert_string_equal(curl->easy_strerror(CURLE_OK), "No error");
}

/* Every row of the table has been looked up, into its own place. */
static void test_every_function(void **state)
{
	(void)state;
	struct curl_library library = {0};
	const char *bytes = (const char *)&library;

	assert_int_equal(curl_library_open("libcurl.so.4", &library, NULL), 0);
	for (size_t i = 0; i < sizeof(library) / sizeof(void *); i++) {
		void *address;

		memcpy(&address, bytes + i * sizeof(address), sizeof(address));
		assert_non_null(address);
	}
	assert_memory_equal(&library, curl_library(), sizeof(library));
}

static void test_not_there(void **state)
{
	(void)state;
	static const struct {
		const char *file, *expected;
	} cases[] = {
		{"libcurl-of-nobody.so.4",
			"cannot load 'libcurl-of-nobody.so.4' (libcurl), which is needed for URLs "
			"and HTTP: libcurl-of-nobody.so.4: cannot open shared object file: No such "
			"file or directory"},
		{"/dev/null", "cannot load '/dev/null' (libcurl), which is needed for URLs and "
			      "HTTP: /dev/null: file too short"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct curl_library untouched = {0};
		struct curl_library library = {0};
		struct err err = {0};

		assert_int_equal(curl_library_open(cases[i].file, &library, &err), -1);
		assert_int_equal(err.code, ERR_SYSTEM);
		assert_string_equal(err.msg, cases[i].expected);
		assert_memory_equal(&library, &untouched, sizeof(library));
	}
}

static void test_another_library(void **state)
{
	(void)state;
	const struct curl_library untouched = {0};
	struct curl_library library = {0};
	struct err err = {0};

	assert_int_equal(curl_library_open("libc.so.6", &library, &err), -1);
	assert_has(
		err.msg, "cannot load 'libc.so.6' (libcurl), which is needed for URLs and HTTP: ");
	assert_has(err.msg, "undefined symbol: curl_easy_cleanup");
	assert_memory_equal(&library, &untouched, sizeof(library));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_every_function),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_another_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
