/*
 * Keys as bytes: their type, and the fingerprint that ssh-keygen gives the same one.
 */
#include "base/alloc.h"
#include "base/base64.h"
#include "cmocka_all.h"
#include "net/ssh_host_key.h"

#define BLOB(s)                                                                                    \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

static void test_types(void **state)
{
	static const struct {
		struct str blob;
		const char *type; /* NULL: none */
	} cases[] = {
		{BLOB("\0\0\0\013ssh-ed25519\0\0\0\0"), "ssh-ed25519"},
		{BLOB("\0\0\0\007ssh-rsa"), "ssh-rsa"},
		{BLOB("\0\0\0\010ssh-rsa"), NULL},
		{BLOB("\0\0\0\000ssh-rsa"), NULL},
		{BLOB("\377\377\377\377ssh-rsa"), NULL},
		{BLOB("\0\0\0"), NULL},
		{BLOB(""), NULL},
		{BLOB("\0\0\0\003a b"), NULL},
		{BLOB("\0\0\0\003a,b"), NULL},
		{BLOB("\0\0\0\003a\nb"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str type = str_of("untouched");
		bool has_type = ssh_host_key_type(cases[i].blob, &type);

		if (has_type != (cases[i].type != NULL) ||
			!str_is(type, has_type ? cases[i].type : "untouched")) {
			fail_msg("%zu: '%.*s'", i, STR_ARG(type));
		}
	}
}

static void test_short_types(void **state)
{
	static const char *const cases[][2] = {
		{"ssh-ed25519", "ED25519"},
		{"ssh-rsa", "RSA"},
		{"rsa-sha2-512", "RSA"},
		{"ecdsa-sha2-nistp256", "ECDSA"},
		{"sk-ssh-ed25519@openssh.com", "ED25519-SK"},
		{"new-thing", "new-thing"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(str_is(ssh_host_key_short_type(str_of(cases[i][0])), cases[i][1]));
	}
}

/* `ssh-keygen -lf` of a key made for this test said so. */
static void test_fingerprint(void **state)
{
	struct strbuf blob = STRBUF_INIT, text = STRBUF_INIT;

	(void)state;
	assert_int_equal(base64_decode(str_of("AAAAC3NzaC1lZDI1NTE5AAAAIC1FGGOxhWQVxEAMhhrzPtcu86c7"
					      "ELzRPl83vDJ4OZiZ"),
				 &blob, NULL),
		0);
	ssh_host_key_add_fingerprint(&text, strbuf_str(&blob));
	assert_string_equal(text.buf, "SHA256:jyjJTRsN5dtK5zc7m+b++IdOHdSy7wB2aj/ipIFNGQk");
	strbuf_release(&blob);
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_short_types),
		cmocka_unit_test(test_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
