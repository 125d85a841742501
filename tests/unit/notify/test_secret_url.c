#include "base/alloc.h"
#include "cmocka_all.h"
#include "notify/secret_url.h"

static void hides_all_but_what_is_published(void **state)
{
	struct arena *arena = arena_new();
	struct secret_url url;
	struct notify_message message = {.method = "POST"};
	struct strbuf shown = STRBUF_INIT;

	(void)state;
	assert_int_equal(
		secret_url_read("https://Host.example:8443/a/b/c?d=e", arena, &url, NULL), 0);
	assert_string_equal(url.shown, "https://host.example:8443/***");
	assert_string_equal(url.secret, "/a/b/c?d=e");
	secret_url_publish(&url, strlen("/a/"), arena);
	assert_string_equal(url.shown, "https://host.example:8443/a/***");
	assert_string_equal(url.secret, "b/c?d=e");
	secret_url_send_to(&url, &message);
	notify_message_show(&message, &shown);
	assert_string_equal(shown.buf, "POST https://host.example:8443/a/***\n");
	strbuf_release(&shown);
	arena_free(arena);
}

static void says_what_is_wrong_without_showing_it(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "not an address like https://host/...: URL is empty"},
		{"s3cr3t", "not an address like https://host/...: no scheme (like \"http://\")"},
		{"https:///s3cr3t", "not an address like https://host/...: no host"},
		{"https://h/s3cr3t x", "not an address like https://host/...: space"},
		{"https://h:99999/s3cr3t", "not an address like https://host/...: port must be a "
					   "number from 1 to 65535"},
		{"https://h in 's3cr3t'/", "not an address like https://host/...: space"},
		{"ftp://h/s3cr3t", "the address must begin with https://, not ftp://"},
		{"https://u:s3cr3t@h/", "the address of 'h' has a user or password"},
		{"https://h/s3cr3t#x", "the address of 'h' has a '#' in it"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct secret_url url;
		struct err err = {0};

		assert_int_equal(secret_url_read(cases[i].text, arena, &url, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_string_equal(err.msg, cases[i].error);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hides_all_but_what_is_published),
		cmocka_unit_test(says_what_is_wrong_without_showing_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
