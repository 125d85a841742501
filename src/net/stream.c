/*
 * Reading and writing without waiting.  See stream.h.
 *
 * One read for each call of the loop, of at least a TLS record: OpenSSL reads records one by one,
 * so that what is left is left in the kernel, and the loop calls again.  Every callback is the last
 * thing done in its turn, because it may free the stream.
 */
#include "net/stream.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "net/address.h"
#include "net/tls_verify.h"

enum { READ_BYTES = SSL3_RT_MAX_PLAIN_LENGTH, REASON_MAX = 200 };

struct stream {
	struct loop *loop;
	int fd;
	struct io *io;
	const struct stream_events *events;
	void *arg;
	struct arena *arena;
	const char *peer;
	struct strbuf out;
	size_t out_sent;      /* of `out` */
	bool is_write_broken; /* nobody takes anything, but there may be something to read */

	SSL *ssl; /* NULL: in the clear */
	bool is_securing;
	bool needs_write; /* OpenSSL does, to go on reading */
	bool skip_verify;
	const char *server_name;
	struct certificate_chain *chain;
};

/* What a step of reading, writing or the handshake came to. */
enum step {
	STEP_DONE,
	STEP_WAIT, /* until the socket is ready */
	STEP_CLOSED,
	STEP_BROKEN, /* errno says how; 0: OpenSSL's queue does */
};

static enum step step_of_errno(int error)
{
	errno = error;
	return error == EAGAIN || error == EINTR ? STEP_WAIT : STEP_BROKEN;
}

/* What `n`, returned by a function of OpenSSL, stands for. */
static enum step step_of_ssl(struct stream *stream, int n)
{
	int saved_errno = errno;

	switch (SSL_get_error(stream->ssl, n)) {
	case SSL_ERROR_NONE:
		return STEP_DONE;
	case SSL_ERROR_WANT_WRITE:
		stream->needs_write = true;
		return STEP_WAIT;
	case SSL_ERROR_WANT_READ:
		return STEP_WAIT;
	case SSL_ERROR_ZERO_RETURN:
		return STEP_CLOSED;
	case SSL_ERROR_SYSCALL:
		errno = saved_errno;
		return saved_errno == 0 ? STEP_CLOSED : STEP_BROKEN;
	default:
		errno = 0;
		return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
			       ? STEP_CLOSED
			       : STEP_BROKEN;
	}
}

static void watch(struct stream *stream)
{
	bool has_output = stream->out_sent < stream->out.len && !stream->is_securing &&
			  !stream->is_write_broken;

	io_set(stream->io, IO_READ | (has_output || stream->needs_write ? IO_WRITE : 0U));
}

static enum step read_some(struct stream *stream, char *bytes, size_t *ret_len)
{
	ssize_t n;

	if (stream->ssl) {
		enum step step;
		int ssl_n;

		ERR_clear_error();
		errno = 0;
		ssl_n = SSL_read(stream->ssl, bytes, READ_BYTES);
		step = step_of_ssl(stream, ssl_n);
		*ret_len = step == STEP_DONE ? (size_t)ssl_n : 0;
		return step;
	}
	n = recv(stream->fd, bytes, READ_BYTES, 0);
	if (n < 0) {
		return step_of_errno(errno);
	}
	*ret_len = (size_t)n;
	return n == 0 ? STEP_CLOSED : STEP_DONE;
}

static enum step write_some(struct stream *stream)
{
	struct str rest = str_sub(strbuf_str(&stream->out), stream->out_sent, stream->out.len);
	ssize_t n;

	if (stream->ssl) {
		enum step step;
		int len = rest.len > READ_BYTES ? READ_BYTES : (int)rest.len;
		int ssl_n;

		ERR_clear_error();
		errno = 0;
		ssl_n = SSL_write(stream->ssl, rest.ptr, len);
		step = step_of_ssl(stream, ssl_n);
		stream->out_sent += step == STEP_DONE ? (size_t)ssl_n : 0;
		return step;
	}
	n = send(stream->fd, rest.ptr, rest.len, MSG_NOSIGNAL);
	if (n < 0) {
		return step_of_errno(errno);
	}
	stream->out_sent += (size_t)n;
	return STEP_DONE;
}

static enum step flush(struct stream *stream)
{
	while (stream->out_sent < stream->out.len && !stream->is_write_broken) {
		enum step step = write_some(stream);

		if (step != STEP_DONE) {
			return step;
		}
	}
	if (stream->out_sent == stream->out.len) {
		strbuf_clear(&stream->out);
		stream->out_sent = 0;
	}
	return STEP_DONE;
}

static void end(struct stream *stream, enum stream_fault fault, const struct strbuf *text)
{
	io_set(stream->io, 0);
	stream->events->ended(stream->arg, fault, text->buf);
}

static void end_in_clear(struct stream *stream, enum step step, int error)
{
	struct strbuf text = STRBUF_INIT;

	if (step == STEP_CLOSED) {
		strbuf_addf(&text, "%s closed the connection", stream->peer);
	} else if (error == ECONNRESET || error == EPIPE) {
		strbuf_addf(&text, "connection reset by %s", stream->peer);
	} else {
		strbuf_addf(&text, "connection to %s broke: %s", stream->peer, errno_text(error));
	}
	end(stream, step == STEP_CLOSED ? STREAM_CLOSED : STREAM_RESET, &text);
	strbuf_release(&text);
}

/* What OpenSSL complains of, in words that can be printed. */
static void add_reason(struct strbuf *out)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	utf8_add_escaped(out, str_of(reason ? reason : "unknown error"), REASON_MAX);
	ERR_clear_error();
}

static void end_for_certificate(struct stream *stream)
{
	bool is_name = certificate_chain_verdict(stream->chain) == CERTIFICATE_WRONG_NAME;
	struct strbuf text = STRBUF_INIT;

	ERR_clear_error();
	strbuf_addf(&text, "certificate of %s ", stream->peer);
	if (is_name) {
		tls_verify_add_name_fault(stream->chain, stream->server_name, &text);
	} else {
		strbuf_adds(&text, "does not verify: ");
		certificate_chain_add_fault(stream->chain, &text);
	}
	end(stream, is_name ? STREAM_TLS_NAME : STREAM_TLS_CERTIFICATE, &text);
	strbuf_release(&text);
}

static void end_in_handshake(struct stream *stream, enum step step, int error)
{
	struct strbuf text = STRBUF_INIT;
	enum stream_fault fault = STREAM_CLOSED;

	if (stream->chain && stream->chain->verify_error != X509_V_OK) {
		end_for_certificate(stream);
		return;
	}
	if (step == STEP_CLOSED) {
		strbuf_addf(&text, "%s closed the connection in the TLS handshake", stream->peer);
	} else if (error != 0) {
		fault = STREAM_RESET;
		strbuf_addf(&text, "connection to %s broke in the TLS handshake: %s", stream->peer,
			errno_text(error));
	} else {
		bool is_other = ERR_GET_REASON(ERR_peek_error()) == SSL_R_WRONG_VERSION_NUMBER;

		fault = STREAM_TLS_FAILED;
		strbuf_addf(&text,
			is_other ? "%s does not speak TLS: " : "TLS handshake with %s failed: ",
			stream->peer);
		add_reason(&text);
	}
	end(stream, fault, &text);
	strbuf_release(&text);
}

static void end_after(struct stream *stream, enum step step, int error)
{
	struct strbuf text = STRBUF_INIT;

	if (!stream->ssl || step == STEP_CLOSED || error != 0) {
		end_in_clear(stream, step, error);
		return;
	}
	strbuf_addf(&text, "TLS connection with %s failed: ", stream->peer);
	add_reason(&text);
	end(stream, STREAM_TLS_FAILED, &text);
	strbuf_release(&text);
}

static void shake_hands(struct stream *stream)
{
	enum step step;

	ERR_clear_error();
	errno = 0;
	stream->needs_write = false;
	step = step_of_ssl(stream, SSL_connect(stream->ssl));
	if (step == STEP_WAIT) {
		watch(stream);
		return;
	}
	if (step != STEP_DONE) {
		end_in_handshake(stream, step, errno);
		return;
	}
	stream->is_securing = false;
	watch(stream);
	stream->events->secured(stream->arg);
}

/* Send first, so that what a peer says last is read even if it takes nothing any more. */
static void exchange(struct stream *stream)
{
	char bytes[READ_BYTES];
	size_t len = 0;
	enum step step;

	stream->needs_write = false;
	step = flush(stream);
	if (step == STEP_BROKEN && !stream->ssl) {
		stream->is_write_broken = true;
	} else if (step == STEP_BROKEN || step == STEP_CLOSED) {
		end_after(stream, step, errno);
		return;
	}
	step = read_some(stream, bytes, &len);
	if (step == STEP_BROKEN || step == STEP_CLOSED) {
		end_after(stream, step, errno);
		return;
	}
	watch(stream);
	if (step == STEP_DONE) {
		stream->events->received(stream->arg, str_n(bytes, len));
	}
}

static void on_io(void *arg, unsigned events)
{
	struct stream *stream = arg;

	(void)events;
	if (stream->is_securing) {
		shake_hands(stream);
	} else {
		exchange(stream);
	}
}

struct stream *stream_new(
	struct loop *loop, int fd, const char *peer, const struct stream_events *events, void *arg)
{
	struct stream *stream = xcalloc(1, sizeof(*stream));

	*stream = (struct stream){
		.loop = loop, .fd = fd, .events = events, .arg = arg, .arena = arena_new()};
	stream->peer = arena_strdup(stream->arena, peer);
	strbuf_init(&stream->out, 0);
	stream->io = io_add(loop, fd, IO_READ, on_io, stream);
	return stream;
}

void stream_free(struct stream **stream_ptr)
{
	struct stream *stream = TAKE(*stream_ptr);

	if (!stream) {
		return;
	}
	io_free(&stream->io);
	SSL_free(stream->ssl);
	(void)close(stream->fd);
	strbuf_release(&stream->out);
	arena_free(stream->arena);
	free(stream);
}

void stream_close(struct stream **stream_ptr)
{
	struct stream *stream = *stream_ptr;

	if (stream && !stream->is_securing && flush(stream) == STEP_DONE && stream->ssl) {
		(void)SSL_shutdown(stream->ssl);
	}
	ERR_clear_error();
	stream_free(stream_ptr);
}

void stream_send(struct stream *stream, struct str bytes)
{
	strbuf_addstr(&stream->out, bytes);
	watch(stream);
}

size_t stream_unsent(const struct stream *stream)
{
	return stream->out.len - stream->out_sent;
}

static int on_verify(X509_STORE_CTX *context, void *arg)
{
	struct stream *stream = arg;
	struct certificate_chain *chain = arena_alloc(stream->arena, sizeof(*chain));

	stream->chain = chain;
	return tls_verify(context, stream->skip_verify, stream->arena, chain);
}

static void must(bool is_true)
{
	if (!is_true) {
		abort(); /* out of memory, or our mistake */
	}
}

/* Whose certificate it has to be. */
static void set_name(struct stream *stream, const char *name)
{
	struct address address;

	if (address_parse(str_of(name), 0, &address)) {
		struct str ip = str_sub(str_of(name), 0, str_find(str_of(name), '%', 0));

		must(X509_VERIFY_PARAM_set1_ip_asc(
			     SSL_get0_param(stream->ssl), str_dup(ip, stream->arena)) == 1);
		return;
	}
	SSL_set_hostflags(stream->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	must(SSL_set1_host(stream->ssl, name) == 1 &&
		SSL_set_tlsext_host_name(stream->ssl, name) == 1);
}

void stream_start_tls(struct stream *stream, const struct stream_tls *tls)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	assert(!stream->ssl && stream_unsent(stream) == 0);
	must(context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
	(void)SSL_CTX_set_mode(
		context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	if (tls->authorities) {
		SSL_CTX_set1_cert_store(context, tls->authorities);
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, on_verify, stream);
	stream->skip_verify = tls->skip_verify;
	stream->server_name = arena_strdup(stream->arena, tls->server_name);
	stream->ssl = SSL_new(context);
	SSL_CTX_free(context);
	must(stream->ssl && SSL_set_fd(stream->ssl, stream->fd) == 1);
	set_name(stream, stream->server_name);
	stream->is_securing = true;
	stream->needs_write = true; /* ours is the first word */
	watch(stream);
}

const char *stream_tls_version(const struct stream *stream)
{
	return stream->ssl && !stream->is_securing ? SSL_get_version(stream->ssl) : NULL;
}

const struct certificate_chain *stream_chain(const struct stream *stream)
{
	return stream->chain;
}
