/*
 * What people are told of keys that are not as they should be, and the command that accepts them.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_host_words.h"

static void test_sentences(void **state)
{
	static const struct {
		void (*add)(struct strbuf *out, const struct ssh_host_words *);
		struct ssh_host_words words;
		const char *text;
	} cases[] = {
		{ssh_host_words_add_unknown,
			{.name = "web-01", .alias = "web", .port = 22, .shown = "RSA SHA256:a"},
			"the host key of 'web-01' is not known: it is RSA SHA256:a; compare it, "
			"then accept it with: sre-toolkit fleet keys --hosts web --record"},
		{ssh_host_words_add_unknown,
			{.name = "[web-01]:2222", .alias = "web-01", .port = 2222},
			"the host key of '[web-01]:2222' is not known; compare it, then accept it "
			"with: sre-toolkit fleet keys --hosts web-01 --port 2222 --record"},
		{ssh_host_words_add_unknown,
			{.name = "web-01", .alias = "web", .port = 22, .config_file = "/tmp/c"},
			"the host key of 'web-01' is not known; compare it, then accept it with: "
			"sre-toolkit fleet keys --hosts web --ssh-config /tmp/c --record"},
		{ssh_host_words_add_changed,
			{.name = "web-01",
				.alias = "web-01",
				.shown = "RSA SHA256:a",
				.known = "RSA SHA256:b",
				.path = "/home/me/.ssh/known_hosts",
				.line = 7},
			"the host key of 'web-01' has changed: /home/me/.ssh/known_hosts:7 has RSA "
			"SHA256:b, the host shows RSA SHA256:a; if that is meant to be: "
			"sre-toolkit fleet keys --hosts web-01 --replace-changed"},
		{ssh_host_words_add_changed, {.name = "web-01", .alias = "web-01", .path = ""},
			"the host key of 'web-01' has changed: what was seen before has another; "
			"if that is meant to be: sre-toolkit fleet keys --hosts web-01 "
			"--replace-changed"},
		{ssh_host_words_add_revoked,
			{.name = "web-01",
				.alias = "web-01",
				.shown = "RSA SHA256:a",
				.path = "/etc/ssh/ssh_known_hosts",
				.line = 1},
			"the host key of 'web-01' is revoked by /etc/ssh/ssh_known_hosts:1: RSA "
			"SHA256:a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf text = STRBUF_INIT;

		cases[i].add(&text, &cases[i].words);
		assert_string_equal(text.buf, cases[i].text);
		strbuf_release(&text);
	}
}

static void test_name(void **state)
{
	struct ssh_settings settings = {.alias = "a", .hostname = "b", .port = 2222};
	struct ssh_hosts_name name = ssh_host_words_name(&settings);

	(void)state;
	assert_string_equal(name.host, "b");
	assert_int_equal(name.port, 2222);
	settings.host_key_alias = "c";
	name = ssh_host_words_name(&settings);
	assert_string_equal(name.host, "c");
	assert_int_equal(name.port, 0);
}

static void test_key(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	ssh_host_words_add_key(&text, str_n("\0\0\0\013ssh-ed25519", 15));
	assert_true(str_starts(strbuf_str(&text), "ED25519 SHA256:"));
	strbuf_clear(&text);
	ssh_host_words_add_key(&text, str_of("no key"));
	assert_true(str_starts(strbuf_str(&text), "unknown SHA256:"));
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
