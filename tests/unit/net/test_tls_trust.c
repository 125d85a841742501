/*
 * Files of certificate authorities: read once, and again when they change.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/tls_trust.h"
#include "support/certificate_maker.h"

struct fixture {
	struct tls_trust *trust;
	char path[64];
	struct made_certificate authority;
};

static int fixture_start(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));
	int fd;

	(void)snprintf(fixture->path, sizeof(fixture->path), "/tmp/test_tls_trust.XXXXXX");
	fd = mkstemp(fixture->path);
	assert_true(fd >= 0);
	(void)close(fd);
	certificate_make(
		&(struct certificate_spec){
			.common_name = "Root", .until_days = 1, .is_authority = true},
		&fixture->authority);
	fixture->trust = tls_trust_new();
	*state = fixture;
	return 0;
}

static int fixture_end(void **state)
{
	struct fixture *fixture = *state;

	tls_trust_free(&fixture->trust);
	certificate_release(&fixture->authority);
	(void)unlink(fixture->path);
	free(fixture);
	return 0;
}

static size_t count(X509_STORE *store)
{
	STACK_OF(X509) *all = X509_STORE_get1_all_certs(store);
	int number = sk_X509_num(all);

	sk_X509_pop_free(all, X509_free);
	return (size_t)number;
}

static void test_read_once(void **state)
{
	struct fixture *fixture = *state;
	X509_STORE *first, *second;

	certificate_append_pem(&fixture->authority, fixture->path);
	assert_int_equal(tls_trust_get(fixture->trust, fixture->path, &first, NULL), 0);
	assert_int_equal(count(first), 1);
	assert_int_equal(tls_trust_get(fixture->trust, fixture->path, &second, NULL), 0);
	assert_ptr_equal(first, second);
}

static void test_changed(void **state)
{
	struct fixture *fixture = *state;
	struct made_certificate other;
	X509_STORE *store;
	struct err err = {0};

	certificate_make(
		&(struct certificate_spec){
			.common_name = "Other", .until_days = 1, .is_authority = true},
		&other);
	assert_int_equal(tls_trust_get(fixture->trust, fixture->path, &store, &err), -1);
	certificate_append_pem(&fixture->authority, fixture->path);
	assert_int_equal(tls_trust_get(fixture->trust, fixture->path, &store, &err), 0);
	assert_int_equal(count(store), 1);
	certificate_append_pem(&other, fixture->path);
	assert_int_equal(tls_trust_get(fixture->trust, fixture->path, &store, &err), 0);
	assert_int_equal(count(store), 2);
	assert_int_equal(truncate(fixture->path, 0), 0);
	assert_int_equal(tls_trust_get(fixture->trust, fixture->path, &store, &err), -1);
	certificate_release(&other);
}

static void test_bad(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *path;
		enum err_code code;
		const char *text;
	} cases[] = {
		{"/nonexistent/ca.pem", ERR_NOT_FOUND,
			"cannot read certificate authorities in '/nonexistent/ca.pem': "
			"No such file or directory"},
		{"/dev/null", ERR_INPUT, "no certificate authorities in '/dev/null'"},
		{"/etc/passwd", ERR_INPUT, "no certificate authorities in '/etc/passwd'"},
		{"/", ERR_INPUT, "no certificate authorities in '/'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		X509_STORE *store = NULL;
		struct err err = {0};

		assert_int_equal(tls_trust_get(fixture->trust, cases[i].path, &store, &err), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_string_equal(err.msg, cases[i].text);
		assert_null(store);
	}
}

static void test_system(void **state)
{
	struct fixture *fixture = *state;
	X509_STORE *store;

	certificate_append_pem(&fixture->authority, fixture->path);
	assert_int_equal(setenv("SSL_CERT_FILE", fixture->path, 1), 0);
	assert_string_equal(tls_trust_system_file(), fixture->path);
	assert_int_equal(tls_trust_get(fixture->trust, NULL, &store, NULL), 0);
	assert_int_equal(count(store), 1);
	assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
	assert_non_null(tls_trust_system_file());
	assert_string_not_equal(tls_trust_system_file(), fixture->path);
}

int main(void)
{
#define TRUST_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_end)
	const struct CMUnitTest tests[] = {
		TRUST_TEST(test_read_once),
		TRUST_TEST(test_changed),
		TRUST_TEST(test_bad),
		TRUST_TEST(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
