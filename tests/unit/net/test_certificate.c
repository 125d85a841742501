/*
 * What is read out of certificates, honest and hostile ones.
 */
#include "base/alloc.h"
#include "base/str.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/certificate.h"
#include "support/certificate_maker.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

static void assert_about(int64_t got_ms, int64_t expected_ms)
{
	assert_in_range(got_ms - expected_ms + 5000, 0, 10000);
}

static void test_fields(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct certificate_spec ca_spec = {.common_name = "Test CA",
		.from_days = -1,
		.until_days = 3650,
		.is_authority = true};
	struct made_certificate ca, made;
	struct certificate certificate;

	certificate_make(&ca_spec, &ca);
	certificate_make(&(struct certificate_spec){.common_name = "www.example.com",
				 .organization = "B\xc3\xbc"
						 "cher, Inc",
				 .names = "DNS:www.example.com,DNS:*.example.org,IP:192.0.2.1,"
					  "IP:2001:db8::1,email:a@example.com",
				 .from_days = -2,
				 .until_days = 30,
				 .issuer = &ca},
		&made);
	certificate_read(made.x509, arena, &certificate);

	assert_string_equal(certificate.subject, "CN=www.example.com, O=\"B\xc3\xbc"
						 "cher, Inc\"");
	assert_string_equal(certificate.issuer, "CN=Test CA");
	assert_string_equal(
		certificate.names, "www.example.com, *.example.org, 192.0.2.1, 2001:db8::1");
	assert_about(certificate.not_before_ms, time_wall_ms() - 2 * day_ms);
	assert_about(certificate.not_after_ms, time_wall_ms() + 30 * day_ms);
	assert_int_equal(strlen(certificate.serial), 16);
	assert_int_equal(strspn(certificate.serial, "0123456789ABCDEF"), 16);
	assert_int_equal(strlen(certificate.sha256), 32 * 3 - 1);
	assert_int_equal(certificate.sha256[2], ':');
	certificate_release(&made);
	certificate_release(&ca);
}

static void test_hostile(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	static char names[40000];
	struct made_certificate made;
	struct certificate certificate;
	size_t len = 0;

	for (int i = 0; i < 2000; i++) {
		len += (size_t)snprintf(
			names + len, sizeof(names) - len, "%sDNS:n%d.example", i ? "," : "", i);
	}
	certificate_make(
		&(struct certificate_spec){
			.common_name = "a\nb\x1b[31m\xe2\x80\xae", .names = names, .until_days = 1},
		&made);
	certificate_read(made.x509, arena, &certificate);

	assert_string_equal(certificate.subject, certificate.issuer);
	assert_null(strpbrk(certificate.subject, "\n\x1b"));
	assert_null(strstr(certificate.subject, "\xe2\x80\xae"));
	assert_true(strlen(certificate.names) < 2100);
	assert_true(str_ends(str_of(certificate.names), "..."));
	certificate_release(&made);
}

static void test_chain(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	STACK_OF(X509) *stack = sk_X509_new_null();
	struct certificate_chain chain = {.verify_error = 7};
	struct made_certificate made[3];
	static const int until_days[] = {30, 10, 20};

	certificate_chain_read(NULL, arena, &chain);
	assert_int_equal(chain.certificates_count, 0);
	assert_int_equal(chain.earliest_not_after_ms, 0);
	assert_int_equal(chain.verify_error, 7);

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		certificate_make(
			&(struct certificate_spec){.common_name = "x", .until_days = until_days[i]},
			&made[i]);
		sk_X509_push(stack, made[i].x509);
	}
	certificate_chain_read(stack, arena, &chain);
	assert_int_equal(chain.certificates_count, 3);
	assert_about(chain.earliest_not_after_ms, time_wall_ms() + 10 * day_ms);
	assert_about(chain.certificates[2].not_after_ms, time_wall_ms() + 20 * day_ms);

	for (int i = 0; i < 50; i++) {
		sk_X509_push(stack, made[0].x509);
	}
	certificate_chain_read(stack, arena, &chain);
	assert_int_equal(chain.certificates_count, CERTIFICATE_CHAIN_MAX);

	sk_X509_free(stack);
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		certificate_release(&made[i]);
	}
}

static void test_verdict(void **state)
{
	(void)state;
	static const struct {
		int error;
		enum certificate_verdict verdict;
	} cases[] = {
		{X509_V_OK, CERTIFICATE_VERIFIED},
		{X509_V_ERR_CERT_HAS_EXPIRED, CERTIFICATE_EXPIRED},
		{X509_V_ERR_CERT_NOT_YET_VALID, CERTIFICATE_NOT_YET_VALID},
		{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, CERTIFICATE_SELF_SIGNED},
		{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, CERTIFICATE_UNTRUSTED},
		{X509_V_ERR_HOSTNAME_MISMATCH, CERTIFICATE_WRONG_NAME},
		{X509_V_ERR_IP_ADDRESS_MISMATCH, CERTIFICATE_WRONG_NAME},
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, CERTIFICATE_UNTRUSTED},
		{X509_V_ERR_UNSPECIFIED, CERTIFICATE_UNTRUSTED},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct certificate_chain chain = {.verify_error = cases[i].error};

		assert_int_equal(certificate_chain_verdict(&chain), cases[i].verdict);
	}
}

static void test_fault(void **state)
{
	(void)state;
	static const struct {
		int error, depth;
		bool is_blamed_known;
		const char *text;
	} cases[] = {
		{X509_V_ERR_CERT_HAS_EXPIRED, 0, true, "it expired on 2025-07-01, 2 days ago"},
		{X509_V_ERR_CERT_HAS_EXPIRED, 1, true,
			"authority 'CN=blamed' expired on 2025-07-01, 2 days ago"},
		{X509_V_ERR_CERT_NOT_YET_VALID, 0, true,
			"it is not valid before 2025-06-01 (is this machine's clock right?)"},
		{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0, true,
			"it is self-signed, and not trusted here (ca_file)"},
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, true,
			"issuer 'CN=above' is unknown: the server does not send that certificate, "
			"or its authority is not trusted here (ca_file)"},
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1, true,
			"issuer 'CN=above' is unknown: that authority is not trusted here "
			"(ca_file)"},
		{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 2, true,
			"authority 'CN=blamed' is not trusted here (ca_file)"},
		{X509_V_ERR_INVALID_PURPOSE, 0, true, "what OpenSSL says"},
		{X509_V_ERR_HOSTNAME_MISMATCH, 0, true, "what OpenSSL says"},
		{X509_V_ERR_CERT_HAS_EXPIRED, 0, false, "what OpenSSL says"},
	};
	const int64_t day_20250701_ms = INT64_C(1751328000000);

	time_fake(0, day_20250701_ms + 2 * day_ms);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct certificate_chain chain = {
			.verify_error = cases[i].error,
			.verify_depth = cases[i].depth,
			.verify_text = "what OpenSSL says",
			.blamed = {.subject = cases[i].is_blamed_known ? "CN=blamed" : NULL,
				.issuer = "CN=above",
				.not_before_ms = day_20250701_ms - 30 * day_ms,
				.not_after_ms = day_20250701_ms},
		};
		struct strbuf text = STRBUF_INIT;

		certificate_chain_add_fault(&chain, &text);
		assert_string_equal(text.buf, cases[i].text);
		strbuf_release(&text);
	}
	time_fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
