/*
 * Bytes there and back, in the clear and over TLS, and connections that break.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "net/address.h"
#include "net/stream.h"
#include "support/certificate_maker.h"
#include "support/http_server.h"
#include "support/tcp_script.h"

/* A stream and what it told. */
struct talk {
	struct loop *loop;
	struct stream *stream;
	struct strbuf received;
	bool is_secured, is_ended;
	enum stream_fault fault;
	struct strbuf text;
	const char *say_when_secured;
	size_t stop_after; /* bytes: then the stream is freed in the callback */
};

static void on_received(void *arg, struct str bytes)
{
	struct talk *talk = arg;

	assert_false(talk->is_ended);
	assert_true(bytes.len > 0);
	strbuf_addstr(&talk->received, bytes);
	if (talk->stop_after > 0 && talk->received.len >= talk->stop_after) {
		stream_close(&talk->stream);
	}
}

static void on_secured(void *arg)
{
	struct talk *talk = arg;

	assert_false(talk->is_secured);
	talk->is_secured = true;
	if (talk->say_when_secured) {
		stream_send(talk->stream, str_of(talk->say_when_secured));
	}
}

static void on_ended(void *arg, enum stream_fault fault, const char *text)
{
	struct talk *talk = arg;

	assert_false(talk->is_ended);
	talk->is_ended = true;
	talk->fault = fault;
	strbuf_adds(&talk->text, text);
	stream_free(&talk->stream);
}

static const struct stream_events events = {
	.received = on_received, .secured = on_secured, .ended = on_ended};

static int start(void **state)
{
	struct talk *talk = xcalloc(1, sizeof(*talk));

	assert_int_equal(loop_new(&talk->loop, NULL), 0);
	strbuf_init(&talk->received, 0);
	strbuf_init(&talk->text, 0);
	*state = talk;
	return 0;
}

static int end(void **state)
{
	struct talk *talk = *state;

	stream_free(&talk->stream);
	loop_free(&talk->loop);
	strbuf_release(&talk->received);
	strbuf_release(&talk->text);
	free(talk);
	return 0;
}

static void reset(struct talk *talk)
{
	stream_free(&talk->stream);
	strbuf_clear(&talk->received);
	strbuf_clear(&talk->text);
	talk->is_secured = false;
	talk->is_ended = false;
	talk->say_when_secured = NULL;
	talk->stop_after = 0;
}

static void connect_to(struct talk *talk, uint16_t port)
{
	struct address address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(address_parse(str_of("127.0.0.1"), port, &address));
	assert_int_equal(connect(fd, &address.sa.any, address.sa_len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	talk->stream = stream_new(talk->loop, fd, "the peer", &events, talk);
}

static void run(struct talk *talk)
{
	assert_int_equal(loop_run(talk->loop, NULL), 0);
}

static void test_in_the_clear(void **state)
{
	struct talk *talk = *state;
	static const struct tcp_script_step steps[] = {
		{SCRIPT_WAIT, "hello"},
		{SCRIPT_TRICKLE, "good "},
		{SCRIPT_SEND, "day"},
		{SCRIPT_END},
	};
	struct tcp_script *server = tcp_script_new(talk->loop, "127.0.0.1", steps);

	connect_to(talk, tcp_script_port(server));
	stream_send(talk->stream, str_of("hel"));
	stream_send(talk->stream, str_of("lo"));
	assert_int_equal(stream_unsent(talk->stream), 5);
	assert_null(stream_tls_version(talk->stream));
	assert_null(stream_chain(talk->stream));
	run(talk);
	assert_string_equal(talk->received.buf, "good day");
	assert_true(talk->is_ended);
	assert_int_equal(talk->fault, STREAM_CLOSED);
	assert_string_equal(talk->text.buf, "the peer closed the connection");
	tcp_script_free(&server);
}

/* What a peer says before it goes is heard, though it takes nothing any more. */
static void test_last_words(void **state)
{
	struct talk *talk = *state;
	static const struct tcp_script_step steps[] = {{SCRIPT_SEND, "go away"}, {SCRIPT_END}};
	struct tcp_script *server = tcp_script_new(talk->loop, "127.0.0.1", steps);
	struct strbuf much = STRBUF_INIT;

	strbuf_addn(&much, 'x', 8U << 20);
	connect_to(talk, tcp_script_port(server));
	stream_send(talk->stream, strbuf_str(&much));
	run(talk);
	assert_string_equal(talk->received.buf, "go away");
	assert_true(talk->is_ended);
	strbuf_release(&much);
	tcp_script_free(&server);
}

static void test_reset(void **state)
{
	struct talk *talk = *state;
	static const struct tcp_script_step steps[] = {{SCRIPT_WAIT, "x"}, {SCRIPT_RESET}};
	struct tcp_script *server = tcp_script_new(talk->loop, "127.0.0.1", steps);

	connect_to(talk, tcp_script_port(server));
	stream_send(talk->stream, str_of("x"));
	run(talk);
	assert_int_equal(talk->fault, STREAM_RESET);
	assert_string_equal(talk->text.buf, "connection reset by the peer");
	tcp_script_free(&server);
}

static void on_stop(void *arg)
{
	loop_stop(arg);
}

/* A peer that takes nothing keeps what is queued, and nobody else. */
static void test_unsent(void **state)
{
	struct talk *talk = *state;
	static const struct tcp_script_step steps[] = {{SCRIPT_HANG}};
	struct tcp_script *server = tcp_script_new(talk->loop, "127.0.0.1", steps);
	struct strbuf much = STRBUF_INIT;
	struct timer *timer = timer_add(talk->loop, 20, on_stop, talk->loop);

	strbuf_addn(&much, 'x', 16U << 20);
	connect_to(talk, tcp_script_port(server));
	stream_send(talk->stream, strbuf_str(&much));
	run(talk);
	assert_false(talk->is_ended);
	assert_in_range(stream_unsent(talk->stream), 1, much.len - 1);
	stream_close(&talk->stream); /* does not wait */
	assert_null(talk->stream);
	stream_close(&talk->stream);
	timer_free(&timer);
	strbuf_release(&much);
	tcp_script_free(&server);
}

static void test_close_in_callback(void **state)
{
	struct talk *talk = *state;
	static const struct tcp_script_step steps[] = {{SCRIPT_SEND, "one"}, {SCRIPT_FLOOD, "x"}};
	struct tcp_script *server = tcp_script_new(talk->loop, "127.0.0.1", steps);

	talk->stop_after = 3;
	connect_to(talk, tcp_script_port(server));
	run(talk);
	assert_null(talk->stream);
	assert_false(talk->is_ended);
	tcp_script_free(&server);
}

/* What is queued when the stream is closed still goes if it can. */
static void test_close_sends(void **state)
{
	struct talk *talk = *state;
	static const struct tcp_script_step steps[] = {{SCRIPT_WAIT, "bye"}, {SCRIPT_END}};
	struct tcp_script *server = tcp_script_new(talk->loop, "127.0.0.1", steps);

	connect_to(talk, tcp_script_port(server));
	stream_send(talk->stream, str_of("bye"));
	stream_close(&talk->stream);
	for (int i = 0; i < 5000 && tcp_script_received(server)->len == 0; i++) {
		struct timer *timer = timer_add(talk->loop, 1, on_stop, talk->loop);

		run(talk);
		timer_free(&timer);
	}
	assert_string_equal(tcp_script_received(server)->buf, "bye");
	tcp_script_free(&server);
}

/* Certificates for the tests over TLS. */
static struct {
	struct made_certificate root, good, self_signed;
	X509_STORE *authorities;
} pki;

static int make_pki(void **state)
{
	(void)state;
	certificate_make(
		&(struct certificate_spec){
			.common_name = "Root", .until_days = 9, .is_authority = true},
		&pki.root);
	certificate_make(&(struct certificate_spec){.common_name = "good",
				 .names = "DNS:one.example,DNS:*.two.example,IP:127.0.0.1",
				 .until_days = 9,
				 .issuer = &pki.root},
		&pki.good);
	certificate_make(
		&(struct certificate_spec){
			.common_name = "self", .names = "DNS:one.example", .until_days = 9},
		&pki.self_signed);
	pki.authorities = X509_STORE_new();
	assert_int_equal(X509_STORE_add_cert(pki.authorities, pki.root.x509), 1);
	return 0;
}

static int release_pki(void **state)
{
	(void)state;
	certificate_release(&pki.root);
	certificate_release(&pki.good);
	certificate_release(&pki.self_signed);
	X509_STORE_free(pki.authorities);
	return 0;
}

static void test_tls(void **state)
{
	struct talk *talk = *state;
	static const struct http_route routes[] = {{"*", HTTP_SEND_CLOSE, "good day"}, {NULL}};
	static const struct {
		bool is_self_signed;
		struct stream_tls tls;
		bool is_secured;
		enum stream_fault fault;
		const char *text;
	} cases[] = {
		{false, {.server_name = "one.example"}, true, STREAM_CLOSED,
			"the peer closed the connection"},
		{false, {.server_name = "x.two.example"}, true, STREAM_CLOSED, ""},
		{false, {.server_name = "127.0.0.1"}, true, STREAM_CLOSED, ""},
		{false, {.server_name = "three.example"}, false, STREAM_TLS_NAME,
			"certificate of the peer is for one.example, *.two.example, 127.0.0.1, not "
			"for 'three.example'"},
		{false, {.server_name = "127.0.0.2"}, false, STREAM_TLS_NAME, "'127.0.0.2'"},
		{false, {.server_name = "::1"}, false, STREAM_TLS_NAME, "not for '::1'"},
		{false, {.server_name = "fe80::1%lo"}, false, STREAM_TLS_NAME, "'fe80::1%lo'"},
		{true, {.server_name = "one.example"}, false, STREAM_TLS_CERTIFICATE,
			"certificate of the peer does not verify: it is self-signed"},
		{true, {.server_name = "one.example", .skip_verify = true}, true, STREAM_CLOSED,
			""},
		{false, {.server_name = "three.example", .skip_verify = true}, true, STREAM_CLOSED,
			""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_server *server = http_server_new(talk->loop,
			&(struct http_server_options){.routes = routes,
				.certificate =
					cases[i].is_self_signed ? &pki.self_signed : &pki.good});
		struct stream_tls tls = cases[i].tls;

		tls.authorities = tls.skip_verify ? NULL : pki.authorities;
		connect_to(talk, http_server_port(server));
		talk->say_when_secured = "GET / HTTP/1.1\r\n\r\n";
		stream_start_tls(talk->stream, &tls);
		assert_null(stream_tls_version(talk->stream));
		run(talk);
		if (talk->is_secured != cases[i].is_secured || talk->fault != cases[i].fault ||
			!strstr(talk->text.buf, cases[i].text)) {
			fail_msg("case %zu: fault %d: %s", i, talk->fault, talk->text.buf);
		}
		assert_string_equal(talk->received.buf, talk->is_secured ? "good day" : "");
		reset(talk);
		http_server_free(&server);
	}
}

/* What is queued during the handshake goes after it; much goes in pieces. */
static void test_tls_large(void **state)
{
	struct talk *talk = *state;
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_server_new(talk->loop,
		&(struct http_server_options){.routes = routes, .certificate = &pki.good});
	struct strbuf request = STRBUF_INIT;

	strbuf_adds(&request, "POST / HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n");
	strbuf_addn(&request, 'x', 4000000);
	connect_to(talk, http_server_port(server));
	stream_start_tls(talk->stream,
		&(struct stream_tls){.server_name = "one.example", .authorities = pki.authorities});
	stream_send(talk->stream, strbuf_str(&request));
	talk->stop_after = request.len;
	run(talk);
	assert_true(talk->is_secured);
	assert_false(talk->is_ended);
	assert_true(talk->received.len >= request.len);
	strbuf_release(&request);
	http_server_free(&server);
}

static void test_chain(void **state)
{
	struct talk *talk = *state;
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_server_new(talk->loop,
		&(struct http_server_options){.routes = routes, .certificate = &pki.good});

	connect_to(talk, http_server_port(server));
	stream_start_tls(talk->stream,
		&(struct stream_tls){.server_name = "one.example", .authorities = pki.authorities});
	for (int i = 0; i < 5000 && !talk->is_secured; i++) {
		struct timer *tick = timer_add(talk->loop, 1, on_stop, talk->loop);

		run(talk);
		timer_free(&tick);
	}
	assert_non_null(stream_chain(talk->stream));
	assert_string_equal(stream_chain(talk->stream)->certificates[0].subject, "CN=good");
	assert_string_equal(stream_tls_version(talk->stream), "TLSv1.3");
	http_server_free(&server);
}

static void test_no_tls(void **state)
{
	struct talk *talk = *state;
	static const struct {
		struct tcp_script_step steps[3];
		enum stream_fault fault;
		const char *text;
	} cases[] = {
		{{{SCRIPT_SEND, "220 mail.example ESMTP\r\n"}, {SCRIPT_HANG}}, STREAM_TLS_FAILED,
			"the peer does not speak TLS: "},
		{{{SCRIPT_WAIT, "\x16\x03"}, {SCRIPT_END}}, STREAM_CLOSED,
			"the peer closed the connection in the TLS handshake"},
		{{{SCRIPT_WAIT, "\x16\x03"}, {SCRIPT_RESET}}, STREAM_RESET,
			"connection to the peer broke in the TLS handshake: "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tcp_script *server = tcp_script_new(talk->loop, "127.0.0.1", cases[i].steps);

		connect_to(talk, tcp_script_port(server));
		stream_start_tls(talk->stream, &(struct stream_tls){.server_name = "one.example",
						       .authorities = pki.authorities});
		run(talk);
		if (talk->fault != cases[i].fault || !strstr(talk->text.buf, cases[i].text)) {
			fail_msg("case %zu: fault %d: %s", i, talk->fault, talk->text.buf);
		}
		assert_false(talk->is_secured);
		reset(talk);
		tcp_script_free(&server);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_the_clear),
		TEST(test_last_words),
		TEST(test_reset),
		TEST(test_unsent),
		TEST(test_close_in_callback),
		TEST(test_close_sends),
		TEST(test_tls),
		TEST(test_tls_large),
		TEST(test_chain),
		TEST(test_no_tls),
	};

	return cmocka_run_group_tests(tests, make_pki, release_pki);
}
