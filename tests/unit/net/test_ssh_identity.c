/*
 * Keys from files, the certificates for them, and files that are neither.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "net/ssh_identity.h"
#include "support/run_program.h"

static char folder[64];

static const char *in_folder(const char *name)
{
	static char paths[8][128];
	static int next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *make_key(const char *name, const char *type, const char *passphrase)
{
	const char *path = in_folder(name);

	assert_int_equal(RUN("ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", path), 0);
	return path;
}

static int start(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test_ssh_identity.XXXXXX");
	*state = ssh_identities_new();
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	struct ssh_identities *identities = *state;

	ssh_identities_free(&identities);
	return RUN("rm", "-rf", folder);
}

static void test_states(void **state)
{
	const char *good = make_key("good", "ed25519", "");
	const char *encrypted = make_key("encrypted", "ed25519", "phrase");
	const char *lonely = make_key("lonely", "rsa", "phrase");
	const char *unsafe = make_key("unsafe", "ed25519", "");
	const char *bad = in_folder("bad");
	struct {
		const char *path;
		enum ssh_identity_state state;
		bool has_blob;
		const char *problem;
	} cases[] = {
		{good, SSH_IDENTITY_READY, true, ""},
		{encrypted, SSH_IDENTITY_ENCRYPTED, true, "is encrypted"},
		{lonely, SSH_IDENTITY_ENCRYPTED, false, "is encrypted"},
		{unsafe, SSH_IDENTITY_UNSAFE, true, "can be read by others"},
		{bad, SSH_IDENTITY_BAD, false, "is no private key"},
		{folder, SSH_IDENTITY_BAD, false, "is not a regular file"},
		{in_folder("missing"), SSH_IDENTITY_MISSING, false, ""},
	};

	assert_int_equal(unlink(in_folder("lonely.pub")), 0);
	assert_int_equal(chmod(unsafe, 0640), 0);
	assert_int_equal(file_write(bad, str_of("no key\n"), 0600, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct ssh_identity *identity = ssh_identities_get(*state, cases[i].path);

		if (identity->state != cases[i].state ||
			(identity->public_blob.len > 0) != cases[i].has_blob ||
			!strstr(identity->problem, cases[i].problem)) {
			fail_msg("%s: %d, %s", cases[i].path, identity->state, identity->problem);
		}
		assert_int_equal(identity->key != NULL, cases[i].state == SSH_IDENTITY_READY);
		assert_ptr_equal(identity, ssh_identities_get(*state, cases[i].path));
	}
}

/* What OpenSSH could not use either, and does not say. */
static void test_problems(void **state)
{
	const char *good = make_key("good", "ed25519", "");
	const char *encrypted = make_key("encrypted", "ed25519", "phrase");
	const char *unsafe = make_key("unsafe", "ed25519", "");
	const char *on_stick = in_folder("stick");
	const char *const paths[] = {good, encrypted, in_folder("missing"), unsafe, on_stick, NULL};
	/* A public key that says it is on a security key, beside what is no key of ours. */
	const char *stick = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t\n";
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf expected = STRBUF_INIT;

	assert_int_equal(chmod(unsafe, 0640), 0);
	assert_int_equal(file_write(on_stick, str_of("key\n"), 0600, NULL), 0);
	assert_int_equal(file_write(in_folder("stick.pub"), str_of(stick), 0600, NULL), 0);
	ssh_identities_add_problems(*state, paths, &out);
	strbuf_addf(&expected,
		"; '%s' is encrypted, and is used through the agent only"
		"; '%s' can be read by others (chmod 600)",
		encrypted, unsafe);
	assert_string_equal(out.buf, expected.buf);
}

static void test_changed(void **state)
{
	const char *path = in_folder("late");
	const struct ssh_identity *before = ssh_identities_get(*state, path), *after;

	assert_int_equal(before->state, SSH_IDENTITY_MISSING);
	(void)make_key("late", "ed25519", "");
	after = ssh_identities_get(*state, path);
	assert_int_equal(after->state, SSH_IDENTITY_READY);
	assert_int_equal(before->state, SSH_IDENTITY_MISSING); /* still there for who has it */
}

static void test_certificates(void **state)
{
	static const char *const types[] = {"ed25519", "ecdsa", "rsa"};
	const char *authority = make_key("authority", "ed25519", "");
	const char *other = make_key("other", "ed25519", "");

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const char *path = make_key(types[i], types[i], "");
		char certificate[160], public[160];
		const struct ssh_identity *identity;

		(void)snprintf(public, sizeof(public), "%s.pub", path);
		(void)snprintf(certificate, sizeof(certificate), "%s-cert.pub", path);
		assert_null(ssh_identities_get(*state, path)->with_certificate);
		assert_int_equal(
			RUN("ssh-keygen", "-q", "-s", authority, "-I", "x", "-n", "x", public), 0);
		identity = ssh_identities_get(*state, path);
		assert_non_null(ssh_identities_certify(*state, identity, certificate));
		assert_ptr_equal(ssh_identities_certify(*state, identity, certificate),
			ssh_identities_certify(*state, identity, certificate));
		assert_null(ssh_identities_certify(
			*state, ssh_identities_get(*state, other), certificate));
		assert_null(ssh_identities_certify(*state, identity, public));
		assert_null(ssh_identities_certify(*state, identity, "/nowhere"));
	}
}

static void test_certificate_beside(void **state)
{
	const char *authority = make_key("authority", "ed25519", "");
	const char *key = make_key("key", "ed25519", "");

	assert_int_equal(RUN("ssh-keygen", "-q", "-s", authority, "-I", "x", "-n", "x",
				 in_folder("key.pub")),
		0);
	assert_non_null(ssh_identities_get(*state, key)->with_certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_states, start, end),
		cmocka_unit_test_setup_teardown(test_problems, start, end),
		cmocka_unit_test_setup_teardown(test_changed, start, end),
		cmocka_unit_test_setup_teardown(test_certificates, start, end),
		cmocka_unit_test_setup_teardown(test_certificate_beside, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
