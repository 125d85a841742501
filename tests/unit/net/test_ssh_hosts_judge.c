/*
 * Known hosts: verdicts on keys, and which keys a host is known by.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_hosts_fixture.h"

/* Of several keys, the one of the same type tells what changed; any other is a change too. */
static void test_types(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct ssh_hosts *hosts;

	(void)state;
	strbuf_addf(&text, "h %s\n", key(RSA('a')));
	strbuf_addf(&text, "h %s\n", key(ED('b')));
	hosts = hosts_of(text.buf);
	assert_finding(check(hosts, "h", 22, ED('x')), SSH_HOSTS_CHANGED, 2, "same type");
	assert_finding(check(hosts, "h", 22, blob_of("ecdsa-sha2-nistp256", 'x')),
		SSH_HOSTS_CHANGED, 1, "a third type");
	assert_finding(check(hosts, "h", 22, RSA('a')), SSH_HOSTS_KNOWN, 1, "known");
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
}

static void add_type(void *arg, struct str type)
{
	strbuf_addf(arg, "%.*s ", STR_ARG(type));
}

static void test_each_type(void **state)
{
	struct strbuf text = STRBUF_INIT, types = STRBUF_INIT;
	struct ssh_hosts *hosts;

	(void)state;
	strbuf_addf(&text, "h %s\n", key(RSA('a')));
	strbuf_addf(&text, "h %s\n", key(ED('b')));
	strbuf_addf(&text, "@revoked h %s\n", key(blob_of("ssh-dss", 'c')));
	strbuf_addf(&text, "@cert-authority h %s\n", key(blob_of("ssh-dss", 'c')));
	hosts = hosts_of(text.buf);
	ssh_hosts_each_type(hosts, &(struct ssh_hosts_name){"h", 22}, add_type, &types);
	assert_string_equal(types.buf, "ssh-rsa ssh-ed25519 ");
	strbuf_clear(&types);
	ssh_hosts_each_type(hosts, &(struct ssh_hosts_name){"h", 2222}, add_type, &types);
	assert_string_equal(types.buf, "ssh-rsa ssh-ed25519 ");
	strbuf_clear(&types);
	ssh_hosts_each_type(hosts, &(struct ssh_hosts_name){"other", 2222}, add_type, &types);
	assert_string_equal(types.buf, "");
	ssh_hosts_free(&hosts);
	strbuf_release(&text);
	strbuf_release(&types);
}

static void count(void *arg, struct str type)
{
	(void)type;
	(*(int *)arg)++;
}

/* What was read for others is nothing to a name with files of its own. */
static void test_own_files(void **state)
{
	struct ssh_hosts *hosts = ssh_hosts_new();
	const char *const mine[] = {"/none", "/mine", NULL}, *const theirs[] = {"/theirs", NULL};
	const struct ssh_hosts_name all = {.host = "a", .port = 2222},
				    my = {.host = "a", .port = 2222, .files = mine},
				    their = {.host = "a", .port = 2222, .files = theirs};
	struct strbuf text = STRBUF_INIT;
	int types = 0;

	(void)state;
	strbuf_addf(&text, "[a]:2222 %s\n", key(ED('x')));
	ssh_hosts_read_text(hosts, strbuf_str(&text), "/mine");
	strbuf_clear(&text);
	strbuf_addf(&text, "a %s\n@cert-authority [a]:2222 %s\n@revoked * %s\n", key(ED('y')),
		key(ED('z')), key(ED('x')));
	ssh_hosts_read_text(hosts, strbuf_str(&text), "/theirs");
	assert_int_equal(ssh_hosts_check(hosts, &all, ED('x')).verdict, SSH_HOSTS_REVOKED);
	assert_int_equal(ssh_hosts_check(hosts, &my, ED('x')).verdict, SSH_HOSTS_KNOWN);
	assert_int_equal(ssh_hosts_check(hosts, &my, ED('y')).verdict, SSH_HOSTS_CHANGED);
	assert_int_equal(ssh_hosts_check(hosts, &their, ED('y')).verdict, SSH_HOSTS_KNOWN);
	assert_true(ssh_hosts_has_authority(hosts, &all));
	assert_true(ssh_hosts_has_authority(hosts, &their));
	assert_false(ssh_hosts_has_authority(hosts, &my));
	ssh_hosts_each_type(hosts, &their, count, &types); /* that of the name without its port */
	assert_int_equal(types, 1);
	ssh_hosts_add_known(hosts, &all, ED('t'));
	assert_int_equal(ssh_hosts_check(hosts, &their, ED('t')).verdict, SSH_HOSTS_KNOWN);
	strbuf_release(&text);
	ssh_hosts_free(&hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_each_type),
		cmocka_unit_test(test_own_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
