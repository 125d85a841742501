/*
 * What `ssh -G` says, as settings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "net/ssh_settings.h"

static const struct ssh_settings_context me = {
	.alias = "Web-01",
	.home = "/home/me",
	.username = "me",
	.agent_socket = "/run/agent",
};

static struct arena *arena;

static int start(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct ssh_settings read_as(const char *text, const struct ssh_settings_context *context)
{
	struct ssh_settings settings;
	struct err err = {0};

	if (ssh_settings_read(str_of(text), context, arena, &settings, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return settings;
}

static struct ssh_settings read_text(const char *text)
{
	return read_as(text, &me);
}

static void assert_list(const char *const *list, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	for (; *list; list++) {
		strbuf_addf(&text, "%s|", *list);
	}
	assert_string_equal(text.buf, expected);
	strbuf_release(&text);
}

static void test_nothing_said(void **state)
{
	struct ssh_settings settings = read_text("");

	(void)state;
	assert_string_equal(settings.alias, "Web-01");
	assert_string_equal(settings.hostname, "web-01");
	assert_string_equal(settings.user, "me");
	assert_int_equal(settings.port, 22);
	assert_int_equal(settings.family, ADDRESS_ANY);
	assert_list(settings.identity_files,
		"/home/me/.ssh/id_ed25519|/home/me/.ssh/id_ecdsa|/home/me/.ssh/id_rsa|");
	assert_list(settings.certificate_files, "");
	assert_string_equal(settings.identity_agent, "/run/agent");
	assert_false(settings.identities_only);
	assert_true(settings.uses_publickey && settings.uses_password &&
		    settings.uses_keyboard_interactive);
	assert_int_equal(settings.hops_count, 0);
	assert_null(settings.host_key_alias);
	assert_list(settings.known_hosts_files,
		"/home/me/.ssh/known_hosts|/home/me/.ssh/known_hosts2|"
		"/etc/ssh/ssh_known_hosts|/etc/ssh/ssh_known_hosts2|");
	assert_string_equal(settings.user_known_hosts_file, "/home/me/.ssh/known_hosts");
	assert_int_equal(settings.strictness, SSH_STRICT_ASK);
	assert_int_equal(settings.alive_interval_ms, 0);
	assert_int_equal(settings.alive_count_max, 3);
	assert_int_equal(settings.connect_timeout_ms, 0);
	assert_null(settings.kex);
	assert_list(settings.environment, "");
	assert_null(settings.needs_openssh);
}

static void test_all_said(void **state)
{
	struct ssh_settings settings = read_text("host Web-01\n"
						 "user sre\n"
						 "hostname 192.0.2.7\n"
						 "hostname ignored\n"
						 "port 2222\n"
						 "addressfamily inet\n"
						 "bindaddress 127.0.0.9\n"
						 "identityfile ~/.ssh/%h_key\r\n"
						 "identityfile /keys/%r\n"
						 "identityfile none\n"
						 "certificatefile ~/a b-cert.pub\n"
						 "identityagent none\n"
						 "identitiesonly yes\n"
						 "passwordauthentication no\n"
						 "kbdinteractiveauthentication no\n"
						 "pubkeyauthentication true\n"
						 "hostkeyalias web-%n\n"
						 "userknownhostsfile ~/kh /tmp/b\n"
						 "globalknownhostsfile none\n"
						 "stricthostkeychecking accept-new\n"
						 "hashknownhosts yes\n"
						 "serveraliveinterval 15\n"
						 "serveralivecountmax 2\n"
						 "connecttimeout 7\n"
						 "kexalgorithms curve25519-sha256\n"
						 "setenv FOO=bar baz\n"
						 "setenv A=\n"
						 "unknownkeyword x\n");

	(void)state;
	assert_string_equal(settings.hostname, "192.0.2.7");
	assert_string_equal(settings.user, "sre");
	assert_int_equal(settings.port, 2222);
	assert_int_equal(settings.family, ADDRESS_IPV4);
	assert_string_equal(settings.bind_address, "127.0.0.9");
	assert_list(settings.identity_files, "/home/me/.ssh/192.0.2.7_key|/keys/sre|");
	assert_list(settings.certificate_files, "/home/me/a b-cert.pub|");
	assert_null(settings.identity_agent);
	assert_true(settings.identities_only);
	assert_true(settings.uses_publickey);
	assert_false(settings.uses_password || settings.uses_keyboard_interactive);
	assert_string_equal(settings.host_key_alias, "web-Web-01");
	assert_list(settings.known_hosts_files, "/home/me/kh|/tmp/b|");
	assert_string_equal(settings.user_known_hosts_file, "/home/me/kh");
	assert_int_equal(settings.strictness, SSH_STRICT_ACCEPT_NEW);
	assert_true(settings.hashes_known_hosts);
	assert_int_equal(settings.alive_interval_ms, 15000);
	assert_int_equal(settings.alive_count_max, 2);
	assert_int_equal(settings.connect_timeout_ms, 7000);
	assert_string_equal(settings.kex, "curve25519-sha256");
	assert_list(settings.environment, "FOO=bar baz|A=|");
	assert_null(settings.needs_openssh);
}

static void test_agents(void **state)
{
	static const struct {
		const char *text, *socket;
	} cases[] = {
		{"identityagent SSH_AUTH_SOCK", "/run/agent"},
		{"identityagent ~/agent", "/home/me/agent"},
		{"identityagent $SSH_TEST_AGENT", "/elsewhere"},
		{"identityagent ${SSH_TEST_AGENT}/x", "/elsewhere/x"},
		{"identityagent $SSH_TEST_NO_AGENT", NULL},
		{"identityagent none", NULL},
	};

	(void)state;
	assert_int_equal(setenv("SSH_TEST_AGENT", "/elsewhere", 1), 0);
	assert_int_equal(unsetenv("SSH_TEST_NO_AGENT"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *socket = read_text(cases[i].text).identity_agent;

		assert_int_equal(socket != NULL, cases[i].socket != NULL);
		if (socket) {
			assert_string_equal(socket, cases[i].socket);
		}
	}
}

static void test_hops(void **state)
{
	struct ssh_settings settings = read_text(
		"proxyjump sre@bastion:2200,[2001:db8::1]:44, ssh://x@b.example:5/,last\n");
	static const struct ssh_hop expected[] = {
		{"sre", "bastion", 2200},
		{NULL, "2001:db8::1", 44},
		{"x", "b.example", 5},
		{NULL, "last", 0},
	};

	(void)state;
	assert_int_equal(settings.hops_count, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_string_equal(settings.hops[i].host, expected[i].host);
		assert_int_equal(settings.hops[i].port, expected[i].port);
		assert_int_equal(settings.hops[i].user != NULL, expected[i].user != NULL);
		if (expected[i].user) {
			assert_string_equal(settings.hops[i].user, expected[i].user);
		}
	}
	assert_int_equal(read_text("proxyjump none\n").hops_count, 0);
}

static void test_bad_values(void **state)
{
	static const char *const texts[] = {
		"port 0",
		"port 65536",
		"port -1",
		"port x",
		"hostname -oProxyCommand=x",
		"hostname a b",
		"hostname a;b",
		"hostname 10.0.0.300",
		"addressfamily inet5",
		"stricthostkeychecking perhaps",
		"serveraliveinterval never",
		"serveralivecountmax -1",
		"connecttimeout soon",
		"proxyjump a,,b",
		"proxyjump -x",
		"proxyjump a:0",
		"proxyjump a:x",
		"proxyjump @a",
		"proxyjump -l@a",
		"proxyjump [::1",
		"proxyjump a,b,c,d,e,f,g,h,i",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct ssh_settings settings;
		struct err err = {0};

		if (ssh_settings_read(str_of(texts[i]), &me, arena, &settings, &err) == 0) {
			fail_msg("'%s' was taken", texts[i]);
		}
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, "Web-01"));
	}
}

static void test_needs(void **state)
{
	static const struct {
		const char *text, *reason; /* NULL: none */
	} cases[] = {
		{"proxycommand nc %h %p", "ProxyCommand"},
		{"proxycommand none", NULL},
		{"pkcs11provider /usr/lib/x.so", "PKCS11Provider"},
		{"pkcs11provider none", NULL},
		{"knownhostscommand /bin/x", "KnownHostsCommand"},
		{"revokedhostkeys /etc/krl", "RevokedHostKeys"},
		{"revokedhostkeys none", NULL},
		{"bindinterface eth0", "BindInterface"},
		{"bindaddress name", "BindAddress"},
		{"bindaddress ::1", NULL},
		{"forwardagent yes", "ForwardAgent"},
		{"forwardagent no", NULL},
		{"forwardagent /path", "ForwardAgent"},
		{"gssapiauthentication yes", NULL}, /* Debian's default; there is no ticket */
		{"verifyhostkeydns true", "VerifyHostKeyDNS"},
		{"verifyhostkeydns ask", NULL},
		{"kexalgorithms diffie-hellman-group18-sha512",
			"KexAlgorithms diffie-hellman-group18-sha512"},
		{"kexalgorithms sntrup761x25519-sha512,curve25519-sha256", NULL},
		{"kexalgorithms +diffie-hellman-group1-sha1", NULL},
		{"ciphers aes128-cbc", "Ciphers aes128-cbc"},
		{"hostkeyalgorithms ssh-dss", "HostKeyAlgorithms ssh-dss"},
		{"identityfile ~/.ssh/%C", "the value '~/.ssh/%C'"},
		{"securitykeyprovider internal", NULL},
		{"controlpath /tmp/%C", NULL},
	};
	struct ssh_settings_context with_ticket = me;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *reason = read_text(cases[i].text).needs_openssh;

		if ((reason != NULL) != (cases[i].reason != NULL) ||
			(reason && strcmp(reason, cases[i].reason) != 0)) {
			fail_msg("%s: %s", cases[i].text, reason ? reason : "nothing");
		}
	}
	with_ticket.has_ticket = true;
	assert_non_null(read_as("gssapiauthentication yes", &with_ticket).needs_openssh);
	assert_null(read_as("gssapiauthentication no", &with_ticket).needs_openssh);
}

/* To ask for its key, who logs in does not matter. */
static void test_key_needs_openssh(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", NULL},
		{"forwardagent yes\nverifyhostkeydns yes\npkcs11provider /lib/x.so\n"
		 "pubkeyacceptedalgorithms ssh-dss",
			NULL},
		{"proxycommand nc %h %p\nforwardagent yes", "ProxyCommand"},
		{"forwardagent yes\nrevokedhostkeys /etc/revoked", "RevokedHostKeys"},
		{"hostkeyalgorithms ssh-dss", "HostKeyAlgorithms ssh-dss"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *reason = read_text(cases[i].text).key_needs_openssh;

		assert_string_equal(
			reason ? reason : "none", cases[i].reason ? cases[i].reason : "none");
	}
}

static void test_hostname_given(void **state)
{
	struct ssh_settings_context context = me;

	(void)state;
	context.hostname = "Other.example";
	assert_string_equal(read_as("hostname x\n", &context).hostname, "other.example");
}

static void test_target(void **state)
{
	struct ssh_settings settings = read_text("hostname 2001:db8::1\nport 2222\n");
	struct strbuf text = STRBUF_INIT;

	(void)state;
	ssh_settings_add_target(&settings, &text);
	assert_string_equal(text.buf, "[2001:db8::1]:2222");
	strbuf_release(&text);
}

/* With the folder for each "F". */
static const char *in_folder(const char *text, const char *folder)
{
	const char *result = "";

	for (; *text; text++) {
		result = *text == 'F' ? arena_printf(arena, "%s%s", result, folder)
				      : arena_printf(arena, "%s%c", result, *text);
	}
	return result;
}

/* Lists come without the quotes that blanks were in. */
static void test_blanks_in_lists(void **state)
{
	static const struct {
		const char *value, *expected; /* F: a folder with "a", "a b" and "c" */
	} cases[] = {
		{"F/a b", "F/a b|"},
		{"F/a b F/c", "F/a b|F/c|"},
		{"F/c F/a", "F/c|F/a|"},
		{"F/c a b", "F/c|a b|"},
		{"F/c x", "F/c|x|"},
		{"F/x y F/c", "F/x y|F/c|"},
		{"F/x F/y", "F/x|F/y|"},
		{"F/x y ./z", "F/x y|./z|"},
		{"x", "x|"},
	};
	static const char *const names[] = {"a", "a b", "c"};
	char folder[] = "/tmp/test_ssh_settings.XXXXXX";
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(file_write(path, str_of(""), 0600, NULL), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text =
			arena_printf(arena, "globalknownhostsfile none\nuserknownhostsfile %s",
				in_folder(cases[i].value, folder));

		assert_list(
			read_text(text).known_hosts_files, in_folder(cases[i].expected, folder));
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_said),
		cmocka_unit_test(test_all_said),
		cmocka_unit_test(test_agents),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_key_needs_openssh),
		cmocka_unit_test(test_hostname_given),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_blanks_in_lists),
	};

	return cmocka_run_group_tests(tests, start, end);
}
