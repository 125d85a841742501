/*
 * Fields first, then the parts.  See mail_message.h.
 */
#include "notify/mail_message.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "base/utf8.h"
#include "notify/mail_body.h"
#include "notify/mail_header.h"

enum { BOUNDARY_DIGEST_BYTES = 16, BOUNDARY_SIZE = 2 * BOUNDARY_DIGEST_BYTES + 3 };

/* A part, cleaned and encoded. */
struct part {
	const char *type; /* "text/plain" */
	enum mail_encoding encoding;
	struct strbuf body;
};

static int check_address(const struct mail_address *address, struct err *err)
{
	struct str text = str_of(address->address);

	if (!mail_address_is_valid(text)) {
		return err_set(err, ERR_INPUT, "bad mail address '%s'", utf8_quote(text).text);
	}
	return 0;
}

static int check_id(const char *id, struct err *err)
{
	if (!mail_id_is_valid(str_of(id))) {
		return err_set(err, ERR_INPUT, "bad message id '%s'", utf8_quote(str_of(id)).text);
	}
	return 0;
}

static int check_addresses(const struct mail_message *message, struct err *err)
{
	if (message->to_count == 0) {
		return err_set(err, ERR_INPUT, "mail to nobody");
	}
	for (size_t i = 0; i < message->to_count; i++) {
		if (check_address(&message->to[i], err) < 0) {
			return -1;
		}
	}
	for (size_t i = 0; i < message->cc_count; i++) {
		if (check_address(&message->cc[i], err) < 0) {
			return -1;
		}
	}
	return check_address(&message->from, err);
}

static int check_headers(const struct mail_message *message, struct err *err)
{
	if (check_id(message->message_id, err) < 0 ||
		(message->in_reply_to && check_id(message->in_reply_to, err) < 0)) {
		return -1;
	}
	for (size_t i = 0; message->references && message->references[i]; i++) {
		if (check_id(message->references[i], err) < 0) {
			return -1;
		}
	}
	for (size_t i = 0; i < message->headers.items_count; i++) {
		struct str name = str_of(message->headers.items[i].name);

		if (!mail_field_name_is_valid(name)) {
			return err_set(
				err, ERR_INPUT, "bad mail header '%s'", utf8_quote(name).text);
		}
	}
	return 0;
}

static void add_headers(const struct mail_message *message, struct strbuf *out)
{
	const char *const ids[] = {message->message_id, NULL};
	const char *const replied[] = {message->in_reply_to, NULL};

	mail_header_add_date(out, "Date", message->date_ms);
	mail_header_add_addresses(out, "From", &message->from, 1);
	mail_header_add_addresses(out, "To", message->to, message->to_count);
	if (message->cc_count > 0) {
		mail_header_add_addresses(out, "Cc", message->cc, message->cc_count);
	}
	mail_header_add_text(out, "Subject", str_of(message->subject));
	mail_header_add_ids(out, "Message-ID", ids);
	if (message->in_reply_to) {
		mail_header_add_ids(out, "In-Reply-To", replied);
	}
	if (message->references && message->references[0]) {
		mail_header_add_ids(out, "References", message->references);
	}
	for (size_t i = 0; i < message->headers.items_count; i++) {
		mail_header_add_text(out, message->headers.items[i].name,
			str_of(message->headers.items[i].value));
	}
	strbuf_adds(out, "MIME-Version: 1.0\r\n");
}

static void part_init(struct part *part, const char *type, struct str text)
{
	struct strbuf clean = STRBUF_INIT;

	*part = (struct part){.type = type};
	strbuf_init(&part->body, 0);
	mail_body_clean(text, &clean);
	part->encoding = mail_body_choose(strbuf_str(&clean));
	mail_body_add(strbuf_str(&clean), part->encoding, &part->body);
	strbuf_release(&clean);
}

static void part_add(const struct part *part, struct strbuf *out)
{
	strbuf_addf(out, "Content-Type: %s; charset=utf-8\r\n", part->type);
	strbuf_addf(
		out, "Content-Transfer-Encoding: %s\r\n\r\n", mail_encoding_name(part->encoding));
	strbuf_addstr(out, strbuf_str(&part->body));
}

static void must(int is_true)
{
	if (!is_true) {
		abort(); /* out of memory */
	}
}

/*
 * "=_" and a hash over everything between the boundaries: no text can have the hash of itself in
 * it, and no encoding gives "=_".
 */
static void choose_boundary(
	const char *message_id, const struct part *parts, char ret_boundary[BOUNDARY_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char *out = ret_boundary;

	must(context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
		EVP_DigestUpdate(context, message_id, strlen(message_id)) &&
		EVP_DigestUpdate(context, parts[0].body.buf, parts[0].body.len) &&
		EVP_DigestUpdate(context, parts[1].body.buf, parts[1].body.len) &&
		EVP_DigestFinal_ex(context, digest, NULL));
	EVP_MD_CTX_free(context);
	*out++ = '=';
	*out++ = '_';
	for (size_t i = 0; i < BOUNDARY_DIGEST_BYTES; i++) {
		*out++ = digits[digest[i] >> 4];
		*out++ = digits[digest[i] & 0xf];
	}
	*out = '\0';
}

static void add_both(const char *message_id, const struct part *parts, struct strbuf *out)
{
	char boundary[BOUNDARY_SIZE];

	choose_boundary(message_id, parts, boundary);
	strbuf_addf(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n", boundary);
	for (size_t i = 0; i < 2; i++) {
		strbuf_addf(out, "\r\n--%s\r\n", boundary);
		part_add(&parts[i], out);
	}
	strbuf_addf(out, "\r\n--%s--\r\n", boundary);
}

int mail_message_add(const struct mail_message *message, struct strbuf *out, struct err *err)
{
	struct part parts[2];

	if (check_addresses(message, err) < 0 || check_headers(message, err) < 0) {
		return -1;
	}
	add_headers(message, out);
	part_init(&parts[0], "text/plain", message->text);
	part_init(&parts[1], "text/html", message->html);
	if (message->html.len > 0) {
		add_both(message->message_id, parts, out);
	} else {
		part_add(&parts[0], out);
	}
	strbuf_release(&parts[0].body);
	strbuf_release(&parts[1].body);
	return 0;
}
