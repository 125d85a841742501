/*
 * What is told of an HTTP check: where it went, how long each phase took, the certificates, and a
 * curl command that shows the same.  See check_http.h.
 */
#include "base/alloc.h"
#include "base/escape.h"
#include "base/time.h"
#include "base/utf8.h"
#include "check/check_http.h"

enum { HEADERS_SHOWN_MAX = 512, BODY_SHOWN_MAX = 512 };

static enum check_code certificate_code(const struct certificate_chain *chain)
{
	switch (chain ? certificate_chain_verdict(chain) : CERTIFICATE_UNTRUSTED) {
	case CERTIFICATE_EXPIRED:
		return CODE_TLS_EXPIRED;
	case CERTIFICATE_NOT_YET_VALID:
		return CODE_TLS_NOT_YET_VALID;
	case CERTIFICATE_SELF_SIGNED:
		return CODE_TLS_SELF_SIGNED;
	case CERTIFICATE_WRONG_NAME:
		return CODE_TLS_NAME_MISMATCH;
	case CERTIFICATE_VERIFIED: /* but refused all the same */
	case CERTIFICATE_UNTRUSTED:
		return CODE_TLS_UNTRUSTED;
	}
	return CODE_TLS_UNTRUSTED;
}

enum check_code http_failure_code(const struct http_response *response)
{
	switch (response->status) {
	case HTTP_OK:
		return CODE_OK;
	case HTTP_DNS_FAILED:
		return CODE_DNS_FAILED;
	case HTTP_CONNECT_REFUSED:
		return CODE_CONNECTION_REFUSED;
	case HTTP_CONNECT_UNREACHABLE:
		return CODE_CONNECTION_FAILED;
	case HTTP_TIMEOUT:
		return CODE_TIMEOUT;
	case HTTP_TLS_FAILED:
		return CODE_TLS_FAILED;
	case HTTP_TLS_CERTIFICATE:
		return certificate_code(response->chain);
	case HTTP_TLS_NAME:
		return CODE_TLS_NAME_MISMATCH;
	case HTTP_PROTOCOL:
		return CODE_PROTOCOL_ERROR;
	case HTTP_CLOSED:
		return CODE_CONNECTION_CLOSED;
	case HTTP_TOO_LARGE:
		return CODE_TOO_LARGE;
	case HTTP_TOO_MANY_REDIRECTS:
	case HTTP_BAD_REDIRECT:
		return CODE_REDIRECT_REFUSED;
	case HTTP_PROXY_FAILED:
		return CODE_PROXY_FAILED;
	case HTTP_LOCAL:
		return CODE_LOCAL_ERROR;
	}
	return CODE_LOCAL_ERROR;
}

static void add_phase(struct strbuf *out, const char *name, int64_t us)
{
	if (us > 0) {
		strbuf_addf(out, "%s%s ", out->len > 0 ? ", " : "", name);
		check_number_add_text((double)us / 1e6, UNIT_SECONDS, out);
	}
}

static void add_phases(struct check_result *result, const struct http_phases *phases)
{
	struct strbuf text = STRBUF_INIT;

	add_phase(&text, "lookup", phases->lookup_us);
	add_phase(&text, "connect", phases->connect_us);
	add_phase(&text, "tls", phases->tls_us);
	add_phase(&text, "first byte", phases->first_byte_us);
	add_phase(&text, "transfer", phases->transfer_us);
	add_phase(&text, "total", phases->total_us);
	check_evidence_add(result, "phases", strbuf_str(&text));
	strbuf_release(&text);
}

static void add_chain(struct check_result *result, const struct certificate_chain *chain)
{
	struct strbuf text = STRBUF_INIT;

	if (certificate_chain_verdict(chain) != CERTIFICATE_VERIFIED && chain->verify_text) {
		check_evidence_addf(result, "tls_error", "%s (certificate %d of the chain)",
			chain->verify_text, chain->verify_depth + 1);
	}
	for (size_t i = 0; i < chain->certificates_count; i++) {
		const struct certificate *certificate = &chain->certificates[i];

		strbuf_clear(&text);
		strbuf_addf(
			&text, "%s; issuer %s; valid ", certificate->subject, certificate->issuer);
		time_add_day(&text, certificate->not_before_ms);
		strbuf_adds(&text, " to ");
		time_add_day(&text, certificate->not_after_ms);
		if (i == 0 && certificate->names && *certificate->names) {
			strbuf_addf(&text, "; for %s", certificate->names);
		}
		check_evidence_append(result, "certificates", strbuf_str(&text));
	}
	strbuf_release(&text);
}

/* As they came, but for cookies, which may let somebody in. */
static void add_received_headers(struct check_result *result, struct str headers)
{
	static const char cookie[] = "Set-Cookie:";
	struct strbuf shown = STRBUF_INIT;

	for (size_t at = 0, next; at < headers.len && shown.len < HEADERS_SHOWN_MAX; at = next) {
		size_t end = str_find(headers, '\n', at);
		struct str line;

		next = end < headers.len ? end + 1 : headers.len;
		line = str_sub(headers, at, next - at);
		if (str_case_eq(str_sub(line, 0, strlen(cookie)), str_of(cookie))) {
			strbuf_addf(&shown, "%s ***\r\n", cookie);
		} else {
			strbuf_addstr(&shown, line);
		}
	}
	check_evidence_add(result, "headers", str_sub(strbuf_str(&shown), 0, HEADERS_SHOWN_MAX));
	strbuf_release(&shown);
}

void http_add_evidence(struct check_result *result, const struct http_opts *opts,
	const struct http_response *response)
{
	struct strbuf address = STRBUF_INIT;

	if (response->remote.sa_len) {
		address_add_ip_port(&response->remote, &address);
		check_evidence_append(result, "addresses", strbuf_str(&address));
		strbuf_release(&address);
	}
	if (response->redirects > 0) {
		check_evidence_add(result, "url", str_of(response->url));
	}
	add_phases(result, &response->phases);
	if (response->chain) {
		add_chain(result, response->chain);
	}
	if (response->http_status != 0) {
		add_received_headers(result, strbuf_str(response->headers));
	}
	if (response->status == HTTP_PROTOCOL && response->body->len > 0) {
		check_evidence_add(
			result, "body", str_sub(strbuf_str(response->body), 0, BODY_SHOWN_MAX));
	}
	http_add_command(result, opts, response);
}

static void add_word(struct strbuf *out, const char *word)
{
	strbuf_addc(out, ' ');
	escape_add_shell_word(out, str_of(word));
}

static void add_flag(struct strbuf *out, const char *flag, const char *value)
{
	if (value) {
		strbuf_addf(out, " %s", flag);
		add_word(out, value);
	}
}

/* Where the request went, if curl would not go there by itself. */
static void add_resolve(
	struct strbuf *out, const struct http_opts *opts, const struct http_response *response)
{
	struct strbuf text = STRBUF_INIT;
	const struct address *remote = &response->remote;
	struct address literal;
	bool is_literal;

	if (remote->sa_len == 0 || response->redirects > 0 || opts->proxy) {
		return;
	}
	is_literal = address_parse(str_of(opts->url.host), 0, &literal);
	if (opts->tls.server_name || (is_literal && opts->network.resolve.sa_len)) {
		strbuf_adds(&text, "::"); /* whatever the host and port */
		address_add_ip_port(remote, &text);
		add_flag(out, "--connect-to", text.buf);
	} else if (!is_literal) {
		strbuf_addf(&text, "%s:%u:", opts->url.host, opts->url.port);
		address_add_ip(remote, &text);
		add_flag(out, "--resolve", text.buf);
	}
	strbuf_release(&text);
}

static void add_source(struct strbuf *out, const struct http_opts *opts)
{
	struct strbuf text = STRBUF_INIT;

	if (opts->network.source.sa_len) {
		address_add_ip(&opts->network.source, &text);
		add_flag(out, "--interface", text.buf);
	}
	strbuf_release(&text);
}

/* As curl is to see it: with the name that TLS is to speak of. */
static void add_url(struct strbuf *out, const struct http_opts *opts)
{
	const struct url *url = &opts->url;
	struct strbuf text = STRBUF_INIT;

	if (!opts->tls.server_name) {
		add_word(out, url->text);
		return;
	}
	strbuf_addf(&text, "Host: %s:%u", url->host, url->port);
	add_flag(out, "--header", text.buf);
	strbuf_clear(&text);
	strbuf_addf(&text, "%s://%s:%u%s%s%s", url->scheme, opts->tls.server_name, url->port,
		url->path, url->query ? "?" : "", url->query ? url->query : "");
	add_word(out, text.buf);
	strbuf_release(&text);
}

static void add_version(struct strbuf *out, const struct http_opts *opts)
{
	switch ((enum http_version)opts->version) {
	case HTTP_VERSION_AUTO:
		break;
	case HTTP_VERSION_1_0:
		strbuf_adds(out, " --http1.0");
		break;
	case HTTP_VERSION_1_1:
		strbuf_adds(out, " --http1.1");
		break;
	case HTTP_VERSION_2:
		strbuf_adds(out, strcmp(opts->url.scheme, "http") == 0 ? " --http2-prior-knowledge"
								       : " --http2");
		break;
	}
}

static void add_redirects(
	struct strbuf *out, const struct http_opts *opts, const struct http_response *response)
{
	if (response->redirects > 0) {
		strbuf_addf(out, " --location --max-redirs %lld", (long long)opts->redirects);
	}
}

/* curl takes a body for a POST unless it is told otherwise. */
static void add_method(struct strbuf *out, const struct http_opts *opts)
{
	bool has_body = opts->body || opts->body_file;

	if (strcmp(opts->method, "HEAD") == 0 && !has_body) {
		strbuf_adds(out, " --head");
	} else if (strcmp(opts->method, has_body ? "POST" : "GET") != 0) {
		add_flag(out, "--request", opts->method);
	}
}

/* Secrets are named, never shown. */
static void add_credentials(struct strbuf *out, const struct http_opts *opts)
{
	struct strbuf user = STRBUF_INIT;
	const char *name = opts->username ? opts->username : opts->url.user;

	if (name) {
		strbuf_addf(&user, "%s:PASSWORD", name);
		add_flag(out, "--user", user.buf);
	}
	if (opts->bearer_token) {
		add_flag(out, "--header", "Authorization: Bearer TOKEN");
	}
	strbuf_release(&user);
}

/* Any other may hold a key, so its value is left for the reader to fill in. */
static bool is_harmless_header(const char *name)
{
	static const char *const names[] = {"accept", "accept-encoding", "accept-language",
		"cache-control", "content-type", "host", "origin", "referer", "user-agent"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_case_eq(str_of(name), str_of(names[i]))) {
			return true;
		}
	}
	return false;
}

static void add_headers(struct strbuf *out, const struct http_opts *opts)
{
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < opts->headers.count; i++) {
		const char *name = opts->headers.keys[i];

		strbuf_clear(&line);
		strbuf_addf(&line, "%s: %s", name,
			is_harmless_header(name) ? OPTION_AT(&opts->headers, const char *, i)
						 : "VALUE");
		add_flag(out, "--header", line.buf);
	}
	strbuf_release(&line);
}

static void add_proxy(struct strbuf *out, const struct http_opts *opts)
{
	struct strbuf masked = STRBUF_INIT;

	if (opts->proxy) {
		url_add_masked(str_of(opts->proxy), &masked);
		add_flag(out, "--proxy", masked.buf);
	}
	strbuf_release(&masked);
}

void http_add_command(struct check_result *result, const struct http_opts *opts,
	const struct http_response *response)
{
	static const char *const family_flags[] = {
		[ADDRESS_ANY] = "",
		[ADDRESS_IPV4] = " -4",
		[ADDRESS_IPV6] = " -6",
	};
	struct strbuf command = STRBUF_INIT;

	strbuf_adds(&command, "curl -sv");
	add_version(&command, opts);
	strbuf_adds(&command, family_flags[opts->network.family]);
	add_method(&command, opts);
	if (response) {
		add_redirects(&command, opts, response);
		add_resolve(&command, opts, response);
	}
	add_source(&command, opts);
	if (!opts->tls.is_verified) {
		strbuf_adds(&command, " --insecure");
	}
	add_flag(&command, "--cacert", opts->tls.ca_file);
	add_flag(&command, "--cert", opts->tls.certificate_file);
	add_flag(&command, "--key", opts->tls.key_file);
	add_proxy(&command, opts);
	add_credentials(&command, opts);
	add_headers(&command, opts);
	if (opts->body_file) {
		strbuf_adds(&command, " --data-binary @");
		escape_add_shell_word(&command, str_of(opts->body_file));
	} else {
		add_flag(&command, "--data-binary", opts->body ? "BODY" : NULL);
	}
	add_url(&command, opts);
	check_evidence_add(result, "command", strbuf_str(&command));
	strbuf_release(&command);
}
