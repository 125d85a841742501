/*
 * What is spoken of what may be spoken, and in which order.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_algorithms.h"

static void test_choose(void **state)
{
	static const struct {
		enum ssh_algorithms algorithms;
		const char *allowed, *chosen; /* NULL: none */
	} cases[] = {
		{SSH_ALGORITHMS_KEX, "sntrup761x25519-sha512,ecdh-sha2-nistp256,curve25519-sha256",
			"curve25519-sha256,ecdh-sha2-nistp256"},
		{SSH_ALGORITHMS_KEX, "diffie-hellman-group16-sha512", NULL},
		{SSH_ALGORITHMS_KEX, "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256",
			"diffie-hellman-group14-sha256"},
		{SSH_ALGORITHMS_CIPHER, "aes128-gcm@openssh.com", "aes128-gcm@openssh.com"},
		{SSH_ALGORITHMS_CIPHER, "aes128-cbc", NULL},
		{SSH_ALGORITHMS_CIPHER, "", NULL},
		{SSH_ALGORITHMS_MAC, "hmac-sha1,hmac-sha2-512", "hmac-sha2-512"},
		{SSH_ALGORITHMS_HOST_KEY, "ssh-rsa,rsa-sha2-256", "rsa-sha2-256"},
		{SSH_ALGORITHMS_USER_KEY, "ssh-ed25519", "ssh-ed25519"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		assert_int_equal(ssh_algorithms_choose(cases[i].algorithms, cases[i].allowed, &out),
			cases[i].chosen != NULL);
		assert_string_equal(out.buf, cases[i].chosen ? cases[i].chosen : "");
		strbuf_release(&out);
	}
}

static void test_all(void **state)
{
	(void)state;
	for (int i = 0; i < SSH_ALGORITHMS_MAX; i++) {
		struct strbuf out = STRBUF_INIT;

		assert_true(ssh_algorithms_choose((enum ssh_algorithms)i, NULL, &out));
		assert_null(strstr(out.buf, "group16"));
		assert_null(strstr(out.buf, "group18"));
		assert_true(strlen(ssh_algorithms_name((enum ssh_algorithms)i)) > 3);
		strbuf_release(&out);
	}
}

/* A host is asked for a key that is known of it. */
static void test_host_keys(void **state)
{
	static const struct {
		const char *allowed, *first, *chosen;
	} cases[] = {
		{"ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256", "ssh-rsa",
			"rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256"},
		{"ssh-ed25519,ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256 ssh-dss",
			"ecdsa-sha2-nistp256,ssh-ed25519"},
		{"ssh-ed25519,ecdsa-sha2-nistp256", "", "ssh-ed25519,ecdsa-sha2-nistp256"},
		{"ssh-ed25519", "ssh-rsa", "ssh-ed25519"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		assert_true(ssh_algorithms_choose_host_keys(
			cases[i].allowed, str_of(cases[i].first), &out));
		assert_string_equal(out.buf, cases[i].chosen);
		strbuf_release(&out);
	}
}

static void test_other_host_keys(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_true(ssh_algorithms_choose_other_host_keys(
		"ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256", NULL,
		str_of("ssh-rsa ssh-ed25519"), &out));
	assert_string_equal(out.buf, "ecdsa-sha2-nistp256");
	strbuf_clear(&out);
	assert_false(ssh_algorithms_choose_other_host_keys(
		"ssh-ed25519,rsa-sha2-256", NULL, str_of("ssh-rsa ssh-ed25519"), &out));
	assert_string_equal(out.buf, "");
	assert_true(ssh_algorithms_choose_other_host_keys(
		NULL, "ssh-dss,rsa-sha2-256,ssh-ed25519", str_of("ssh-ed25519"), &out));
	assert_string_equal(out.buf, "rsa-sha2-256");
	strbuf_clear(&out);
	assert_false(ssh_algorithms_choose_other_host_keys(
		"ssh-ed25519", "rsa-sha2-256", str_n("", 0), &out));
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_host_keys),
		cmocka_unit_test(test_other_host_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
