/*
 * Chains judged by OpenSSL, and what is kept of them.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/tls_verify.h"
#include "support/certificate_maker.h"

struct fixture {
	struct arena *arena;
	struct made_certificate root, leaf;
	X509_STORE *trusting, *suspicious;
	STACK_OF(X509) * sent;
};

static int fixture_start(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	fixture->arena = arena_new();
	certificate_make(
		&(struct certificate_spec){
			.common_name = "Root", .until_days = 10, .is_authority = true},
		&fixture->root);
	certificate_make(&(struct certificate_spec){.common_name = "leaf",
				 .names = "DNS:one.example,IP:127.0.0.1",
				 .until_days = 5,
				 .issuer = &fixture->root},
		&fixture->leaf);
	fixture->trusting = X509_STORE_new();
	fixture->suspicious = X509_STORE_new();
	assert_int_equal(X509_STORE_add_cert(fixture->trusting, fixture->root.x509), 1);
	fixture->sent = sk_X509_new_null();
	assert_true(sk_X509_push(fixture->sent, fixture->leaf.x509) > 0);
	*state = fixture;
	return 0;
}

static int fixture_end(void **state)
{
	struct fixture *fixture = *state;

	sk_X509_free(fixture->sent);
	X509_STORE_free(fixture->trusting);
	X509_STORE_free(fixture->suspicious);
	certificate_release(&fixture->root);
	certificate_release(&fixture->leaf);
	arena_free(fixture->arena);
	free(fixture);
	return 0;
}

static int verify(struct fixture *fixture, X509_STORE *store, bool skip_verify,
	struct certificate_chain *chain)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int verdict;

	assert_int_equal(X509_STORE_CTX_init(context, store, fixture->leaf.x509, fixture->sent), 1);
	verdict = tls_verify(context, skip_verify, fixture->arena, chain);
	X509_STORE_CTX_free(context);
	return verdict;
}

static void test_good(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_chain chain = {.verify_error = 7};

	assert_int_equal(verify(fixture, fixture->trusting, false, &chain), 1);
	assert_int_equal(chain.verify_error, X509_V_OK);
	assert_string_equal(chain.verify_text, "");
	assert_int_equal(chain.certificates_count, 1);
	assert_string_equal(chain.certificates[0].subject, "CN=leaf");
	assert_null(chain.blamed.subject);
}

static void test_bad(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_chain chain;

	assert_int_equal(verify(fixture, fixture->suspicious, false, &chain), 0);
	assert_int_equal(chain.verify_error, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_int_equal(chain.verify_depth, 0);
	assert_string_equal(chain.blamed.subject, "CN=leaf");
	assert_string_equal(chain.blamed.issuer, "CN=Root");
	assert_true(chain.verify_text[0] != '\0');
	assert_int_equal(chain.certificates_count, 1);
}

static void test_skipped(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_chain chain;

	assert_int_equal(verify(fixture, fixture->suspicious, true, &chain), 1);
	assert_int_equal(chain.verify_error, X509_V_OK);
	assert_int_equal(chain.certificates_count, 1);
}

static void test_name_fault(void **state)
{
	struct fixture *fixture = *state;
	struct certificate_chain chain;
	struct certificate_chain nameless = {0};
	struct strbuf text = STRBUF_INIT;

	(void)verify(fixture, fixture->trusting, false, &chain);
	tls_verify_add_name_fault(&chain, "two.example", &text);
	assert_string_equal(text.buf, "is for one.example, 127.0.0.1, not for 'two.example'");
	strbuf_clear(&text);
	chain.certificates[0].names = "";
	tls_verify_add_name_fault(&chain, "two.example", &text);
	assert_string_equal(text.buf, "is for CN=leaf, not for 'two.example'");
	strbuf_clear(&text);
	tls_verify_add_name_fault(&nameless, "x", &text);
	tls_verify_add_name_fault(NULL, "y", &text);
	assert_string_equal(text.buf, "is for nobody, not for 'x'is for nobody, not for 'y'");
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, fixture_start, fixture_end),
		cmocka_unit_test_setup_teardown(test_bad, fixture_start, fixture_end),
		cmocka_unit_test_setup_teardown(test_skipped, fixture_start, fixture_end),
		cmocka_unit_test_setup_teardown(test_name_fault, fixture_start, fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
