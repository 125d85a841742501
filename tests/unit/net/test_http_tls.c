/*
 * TLS peers that are who they say, and all the ways in which they are not.
 */
#include <stdio.h>
#include <unistd.h>

#include <openssl/x509_vfy.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/http_fixture.h"

static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};

/* Authorities and their certificates, made once. */
static struct {
	char folder[64];
	const char *ca_file;     /* of `root` */
	const char *other_file;  /* of an authority that signed nothing here */
	const char *client_file; /* certificate and key */
	const char *other_client_file;
	struct arena *arena;
	struct made_certificate root, intermediate, other;
	struct made_certificate good, by_intermediate, expired, future, self_signed, by_other;
	struct made_certificate client, other_client;
} pki;

static struct made_certificate make(const char *name, const struct made_certificate *issuer,
	int from_days, int until_days, bool is_authority)
{
	struct made_certificate made;

	certificate_make(&(struct certificate_spec){.common_name = name,
				 .names = is_authority ? NULL : "DNS:one.example,IP:127.0.0.1",
				 .from_days = from_days,
				 .until_days = until_days,
				 .is_authority = is_authority,
				 .issuer = issuer},
		&made);
	return made;
}

static const char *file_path(const char *name)
{
	return arena_printf(pki.arena, "%s/%s", pki.folder, name);
}

static int make_pki(void **state)
{
	(void)state;
	(void)snprintf(pki.folder, sizeof(pki.folder), "/tmp/test_http_tls.XXXXXX");
	assert_non_null(mkdtemp(pki.folder));
	pki.arena = arena_new();
	pki.root = make("Root", NULL, -1, 3650, true);
	pki.other = make("Other Root", NULL, -1, 3650, true);
	pki.intermediate = make("Intermediate", &pki.root, -1, 3650, true);
	pki.good = make("good", &pki.root, -1, 90, false);
	pki.by_intermediate = make("by intermediate", &pki.intermediate, -1, 90, false);
	pki.expired = make("expired", &pki.root, -30, -1, false);
	pki.future = make("future", &pki.root, 1, 30, false);
	pki.self_signed = make("self-signed", NULL, -1, 30, false);
	pki.by_other = make("by other", &pki.other, -1, 30, false);
	pki.client = make("client", &pki.root, -1, 30, false);
	pki.other_client = make("other client", &pki.other, -1, 30, false);
	pki.ca_file = file_path("ca.pem");
	certificate_append_pem(&pki.root, pki.ca_file);
	pki.other_file = file_path("other.pem");
	certificate_append_pem(&pki.other, pki.other_file);
	pki.client_file = file_path("client.pem");
	certificate_append_pem(&pki.client, pki.client_file);
	certificate_append_key_pem(&pki.client, pki.client_file);
	pki.other_client_file = file_path("other_client.pem");
	certificate_append_pem(&pki.other_client, pki.other_client_file);
	certificate_append_key_pem(&pki.other_client, pki.other_client_file);
	return 0;
}

static int release_pki(void **state)
{
	struct made_certificate *const all[] = {&pki.root, &pki.other, &pki.intermediate, &pki.good,
		&pki.by_intermediate, &pki.expired, &pki.future, &pki.self_signed, &pki.by_other,
		&pki.client, &pki.other_client};
	const char *const files[] = {
		pki.ca_file, pki.other_file, pki.client_file, pki.other_client_file};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		certificate_release(all[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)unlink(files[i]);
	}
	(void)rmdir(pki.folder);
	arena_free(pki.arena);
	return 0;
}

static struct http_server *serve(
	struct http_fixture *fixture, const struct made_certificate *certificate)
{
	return http_server_new(fixture->loop,
		&(struct http_server_options){.routes = routes, .certificate = certificate});
}

static struct http_answer ask(
	struct http_fixture *fixture, const struct http_server *server, struct http_request request)
{
	if (!request.url) {
		request.url = http_fixture_url(fixture, "https", "one.example", server, "/");
	}
	if (!request.ca_file) {
		request.ca_file = pki.ca_file;
	}
	return http_fixture_run(fixture, request);
}

static void test_good(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = serve(fixture, &pki.good);
	struct http_answer answer = ask(fixture, server, (struct http_request){0});
	const struct certificate_chain *chain = answer.response.chain;
	int64_t left_ms;

	assert_string_equal(answer.response.text, "");
	assert_int_equal(answer.response.status, HTTP_OK);
	assert_string_equal(answer.response.tls_version, "TLSv1.3");
	assert_true(answer.response.phases.tls_us > 0);
	assert_true(answer.response.phases.first_byte_us > 0);
	assert_non_null(chain);
	assert_int_equal(chain->verify_error, X509_V_OK);
	assert_string_equal(chain->verify_text, "");
	assert_int_equal(chain->certificates_count, 1);
	assert_string_equal(chain->certificates[0].subject, "CN=good");
	assert_string_equal(chain->certificates[0].issuer, "CN=Root");
	assert_string_equal(chain->certificates[0].names, "one.example, 127.0.0.1");
	left_ms = chain->earliest_not_after_ms - time_wall_ms();
	assert_in_range(left_ms / 3600000, 89 * 24, 90 * 24);

	/* By address, which the certificate has too. */
	answer = ask(fixture, server,
		(struct http_request){
			.url = http_fixture_url(fixture, "https", "127.0.0.1", server, "/")});
	assert_int_equal(answer.response.status, HTTP_OK);
	http_server_free(&server);
}

static void test_bad(void **state)
{
	struct http_fixture *fixture = *state;
	const struct {
		const struct made_certificate *certificate;
		const char *host, *ca_file;
		enum http_status status;
		int verify_error;
		const char *text;
	} cases[] = {
		{&pki.expired, "one.example", NULL, HTTP_TLS_CERTIFICATE,
			X509_V_ERR_CERT_HAS_EXPIRED, " does not verify: it expired on "},
		{&pki.future, "one.example", NULL, HTTP_TLS_CERTIFICATE,
			X509_V_ERR_CERT_NOT_YET_VALID, " does not verify: it is not valid before "},
		{&pki.self_signed, "one.example", NULL, HTTP_TLS_CERTIFICATE,
			X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
			" does not verify: it is self-signed"},
		{&pki.by_other, "one.example", NULL, HTTP_TLS_CERTIFICATE,
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
			" does not verify: issuer 'CN="},
		{&pki.by_intermediate, "one.example", NULL, HTTP_TLS_CERTIFICATE,
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
			" does not verify: issuer 'CN="},
		{&pki.good, "one.example", pki.other_file, HTTP_TLS_CERTIFICATE,
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, " does not verify: "},
		{&pki.good, "two.example", NULL, HTTP_TLS_NAME, X509_V_OK,
			" is for one.example, 127.0.0.1, not for 'two.example'"},
		{&pki.good, "127.0.0.2", NULL, HTTP_TLS_NAME, X509_V_OK, "not for '127.0.0.2'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_server *server = http_server_new(
			fixture->loop, &(struct http_server_options){.ip = "0.0.0.0",
					       .routes = routes,
					       .certificate = cases[i].certificate});
		struct http_answer answer = ask(fixture, server,
			(struct http_request){.url = http_fixture_url(
						      fixture, "https", cases[i].host, server, "/"),
				.ca_file = cases[i].ca_file});

		assert_has(answer.response.text, cases[i].text);
		assert_int_equal(answer.response.status, cases[i].status);
		assert_non_null(answer.response.chain);
		assert_int_equal(answer.response.chain->verify_error, cases[i].verify_error);
		assert_int_equal(answer.response.chain->certificates_count, 1);
		assert_has(answer.response.phase, "TLS handshake of ");
		assert_int_equal(http_server_requests(server), 0);

		/* And unless one says not to care. */
		answer = ask(fixture, server,
			(struct http_request){.url = http_fixture_url(
						      fixture, "https", cases[i].host, server, "/"),
				.skip_verify = true});
		assert_int_equal(answer.response.status, HTTP_OK);
		assert_int_equal(answer.response.chain->certificates_count, 1);
		assert_int_equal(http_server_requests(server), 1);
		http_server_free(&server);
	}
}

static void test_intermediate(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server =
		http_server_new(fixture->loop, &(struct http_server_options){.routes = routes,
						       .certificate = &pki.by_intermediate,
						       .intermediate = &pki.intermediate});
	struct http_answer answer = ask(fixture, server, (struct http_request){0});

	assert_int_equal(answer.response.status, HTTP_OK);
	assert_int_equal(answer.response.chain->certificates_count, 2);
	assert_string_equal(answer.response.chain->certificates[1].subject, "CN=Intermediate");
	http_server_free(&server);
}

static void test_server_name(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = serve(fixture, &pki.good);
	struct http_answer answer = ask(fixture, server,
		(struct http_request){
			.url = http_fixture_url(fixture, "https", "two.example", server, "/p?q"),
			.server_name = "one.example"});

	assert_string_equal(answer.response.text, "");
	assert_int_equal(answer.response.status, HTTP_OK);
	assert_true(str_starts(str_of(answer.body), "GET /p?q HTTP/1.1\r\nHost: two.example:"));
	assert_has(answer.response.url, "https://two.example:");

	answer = ask(fixture, server, (struct http_request){.server_name = "three.example"});
	assert_int_equal(answer.response.status, HTTP_TLS_NAME);
	assert_has(answer.response.text, "not for 'three.example'");
	http_server_free(&server);
}

static void test_client_certificate(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_server_new(fixture->loop,
		&(struct http_server_options){
			.routes = routes, .certificate = &pki.good, .client_authority = &pki.root});
	static const char *const unreadable[] = {"/nonexistent", "/dev/null", "/"};
	struct http_answer answer;

	answer = ask(fixture, server, (struct http_request){.certificate_file = pki.client_file});
	assert_string_equal(answer.response.text, "");
	assert_int_equal(answer.response.status, HTTP_OK);

	answer = ask(fixture, server, (struct http_request){0});
	assert_int_equal(answer.response.status, HTTP_TLS_FAILED);
	assert_has(answer.response.text, "certificate");

	answer = ask(
		fixture, server, (struct http_request){.certificate_file = pki.other_client_file});
	assert_int_equal(answer.response.status, HTTP_TLS_FAILED);

	for (size_t i = 0; i < ARRAY_LEN(unreadable); i++) {
		answer = ask(
			fixture, server, (struct http_request){.certificate_file = unreadable[i]});
		assert_int_equal(answer.response.status, HTTP_LOCAL);
		assert_has(answer.response.text, unreadable[i]);
		answer = ask(fixture, server,
			(struct http_request){
				.certificate_file = pki.client_file, .key_file = unreadable[i]});
		assert_int_equal(answer.response.status, HTTP_LOCAL);
		assert_has(answer.response.text, unreadable[i]);
	}
	/* The key of another. */
	answer = ask(fixture, server,
		(struct http_request){
			.certificate_file = pki.client_file, .key_file = pki.other_client_file});
	assert_int_equal(answer.response.status, HTTP_LOCAL);
	http_server_free(&server);
}

/* A redirect to another origin does not get the client's certificate. */
static void test_client_certificate_stays(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *asking = http_server_new(fixture->loop,
		&(struct http_server_options){
			.routes = routes, .certificate = &pki.good, .client_authority = &pki.root});
	const char *there = arena_printf(fixture->arena,
		"HTTP/1.1 302 Go\r\nLocation: https://one.example:%u/\r\n"
		"Content-Length: 0\r\n\r\n",
		http_server_port(asking));
	const struct http_route redirect[] = {{"*", HTTP_SEND, there}, {NULL}};
	struct http_server *server = http_server_new(fixture->loop,
		&(struct http_server_options){.routes = redirect, .certificate = &pki.good});
	struct http_answer answer = ask(fixture, server,
		(struct http_request){.certificate_file = pki.client_file, .redirects_max = 1});

	assert_int_equal(answer.response.redirects, 1);
	assert_int_equal(answer.response.status, HTTP_TLS_FAILED);
	http_server_free(&server);
	http_server_free(&asking);
}

static void test_no_tls(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route closing[] = {
		{"*", HTTP_BANNER, "220 mail.example ESMTP\r\n"}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, closing);
	struct http_answer answer = ask(fixture, server, (struct http_request){0});

	assert_int_equal(answer.response.status, HTTP_TLS_FAILED);
	assert_has(answer.response.text, " does not speak TLS (");
	assert_has(answer.response.text, "wrong version number");
	assert_null(answer.response.chain);
	assert_null(answer.response.tls_version);
	http_server_free(&server);
}

static void test_http_to_tls(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = serve(fixture, &pki.good);
	struct http_answer answer = ask(fixture, server,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/")});

	/* OpenSSL's servers answer with an alert, or just close. */
	assert_true(
		answer.response.status == HTTP_PROTOCOL || answer.response.status == HTTP_CLOSED);
	http_server_free(&server);
}

static void test_version_2_refused(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = serve(fixture, &pki.good);
	struct http_answer answer =
		ask(fixture, server, (struct http_request){.version = HTTP_VERSION_2});

	assert_int_equal(answer.response.status, HTTP_PROTOCOL);
	assert_has(answer.response.text, "does not speak HTTP/2");
	assert_string_equal(answer.response.http_version, "1.1");
	http_server_free(&server);
}

/* Different authorities at the same time do not get into each other's way, nor do connections that
 * are kept serve those who trust others. */
static void test_authorities_apart(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = serve(fixture, &pki.good);
	struct http_request request = {
		.url = http_fixture_url(fixture, "https", "one.example", server, "/"),
		.timeout_ms = 10000,
	};
	struct http_request requests[20];
	struct http_answer answers[ARRAY_LEN(requests)];

	for (int is_reusing = 0; is_reusing < 2; is_reusing++) {
		for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
			requests[i] = request;
			requests[i].reuse_connection = is_reusing;
			requests[i].ca_file = i % 2 ? pki.ca_file : pki.other_file;
			(void)http_fixture_begin(fixture, &requests[i], &answers[i]);
		}
		http_fixture_loop(fixture);
		for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
			assert_int_equal(
				answers[i].response.status, i % 2 ? HTTP_OK : HTTP_TLS_CERTIFICATE);
		}
	}
	http_server_free(&server);
}

static void test_reuse(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = serve(fixture, &pki.good);
	struct http_request request = {.reuse_connection = true};
	struct http_answer answer;

	for (int i = 0; i < 3; i++) {
		answer = ask(fixture, server, request);
		assert_int_equal(answer.response.status, HTTP_OK);
	}
	assert_int_equal(http_server_connections(server), 1);
	assert_int_equal(answer.response.phases.tls_us, 0);
	request.ca_file = pki.other_file;
	answer = ask(fixture, server, request);
	assert_int_equal(answer.response.status, HTTP_TLS_CERTIFICATE);
	http_server_free(&server);
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_good),
		HTTP_TEST(test_bad),
		HTTP_TEST(test_intermediate),
		HTTP_TEST(test_server_name),
		HTTP_TEST(test_client_certificate),
		HTTP_TEST(test_client_certificate_stays),
		HTTP_TEST(test_no_tls),
		HTTP_TEST(test_http_to_tls),
		HTTP_TEST(test_version_2_refused),
		HTTP_TEST(test_authorities_apart),
		HTTP_TEST(test_reuse),
	};

	return cmocka_run_group_tests(tests, make_pki, release_pki);
}
