/*
 * What servers say first, whole, in parts, and wrong.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "net/ssh_kexinit.h"

static void add_number(struct strbuf *out, size_t number)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		strbuf_addc(out, (char)(number >> shift));
	}
}

/* A packet of a type with two lists and some more. */
static void add_packet(struct strbuf *out, char type, const char *kex, const char *names)
{
	struct strbuf payload = STRBUF_INIT;

	strbuf_addc(&payload, type);
	strbuf_adds(&payload, "0123456789abcdef");
	add_number(&payload, strlen(kex));
	strbuf_adds(&payload, kex);
	add_number(&payload, strlen(names));
	strbuf_adds(&payload, names);
	add_number(&payload, 0);
	strbuf_adds(&payload, "more");
	add_number(out, payload.len + 1 + 4);
	strbuf_addc(out, 4);
	strbuf_addstr(out, strbuf_str(&payload));
	strbuf_adds(out, "pad!");
	strbuf_release(&payload);
}

static void test_parts(void **state)
{
	static const char *const greetings[] = {"SSH-2.0-test\r\n", "SSH-2.0-test\n",
		"hello\r\n\r\nSSH is next\r\nSSH-2.0-test software\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(greetings); i++) {
		struct strbuf opening = STRBUF_INIT;
		struct str names;

		strbuf_adds(&opening, greetings[i]);
		add_packet(&opening, 20, "curve25519-sha256,x", "ssh-ed25519,rsa-sha2-512");
		for (size_t len = 0; len < opening.len; len++) {
			assert_false(ssh_kexinit_host_keys(
				str_sub(strbuf_str(&opening), 0, len), &names));
		}
		assert_true(ssh_kexinit_host_keys(strbuf_str(&opening), &names));
		assert_true(str_is(names, "ssh-ed25519,rsa-sha2-512"));
		strbuf_adds(&opening, "what comes next");
		assert_true(ssh_kexinit_host_keys(strbuf_str(&opening), &names));
		assert_true(str_is(names, "ssh-ed25519,rsa-sha2-512"));
		strbuf_release(&opening);
	}
}

static void test_wrong(void **state)
{
	struct strbuf opening = STRBUF_INIT;
	struct str names;

	(void)state;
	strbuf_adds(&opening, "SSH-2.0-test\r\n");
	add_packet(&opening, 21, "a", "b"); /* not KEXINIT */
	assert_false(ssh_kexinit_host_keys(strbuf_str(&opening), &names));
	strbuf_clear(&opening);
	strbuf_adds(&opening, "SSH-2.0-test\r\n");
	add_packet(&opening, 20, "a", "b\033c");
	assert_false(ssh_kexinit_host_keys(strbuf_str(&opening), &names));
	strbuf_clear(&opening);
	strbuf_adds(&opening, "SSH-2.0-test\r\n");
	add_packet(&opening, 20, "a", "b");
	opening.buf[14] = 1; /* a packet of 16 MB */
	assert_false(ssh_kexinit_host_keys(strbuf_str(&opening), &names));
	opening.buf[14] = 0;
	opening.buf[14 + 22] = 1; /* a list of 16 MB */
	assert_false(ssh_kexinit_host_keys(strbuf_str(&opening), &names));
	strbuf_release(&opening);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
