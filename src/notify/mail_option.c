/*
 * Values that are read once and used as they are.  See mail_option.h.
 */
#include "notify/mail_option.h"

#include "net/url.h"

static int address_parse_option(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	return mail_address_parse(text, context->arena, field, err);
}

static void address_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\", \"pattern\": \"@\"");
}

static void address_add(const void *field, struct strbuf *out)
{
	const struct mail_address *address = field;

	strbuf_addf(out, "%s <%s>", address->name ? address->name : "",
		address->address ? address->address : "");
}

const struct option_type option_mail_address = {
	.name = "mail address",
	.placeholder = "ADDRESS",
	.size = sizeof(struct mail_address),
	.parse = address_parse_option,
	.schema = address_schema,
	.syntax = "an address of mail, alone or after a name, as in sre@example.com or SRE "
		  "<sre@example.com>",
	.add = address_add,
};

static int url_parse_option(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	static const char *const schemes[] = {"smtp", "smtps", NULL};
	struct url *url = arena_alloc(context->arena, sizeof(*url));

	(void)row;
	if (url_parse(text, context->arena, url, err) < 0 ||
		url_check_scheme(url, schemes, err) < 0) {
		return -1;
	}
	if (url->user || url->password) {
		/* The value is shown where a password is not. */
		return err_set(err, ERR_INPUT,
			"user name and password do not belong into the URL of a mail server; they "
			"are options of their own");
	}
	if (strcmp(url->path, "/") != 0 || url->query) {
		return err_set(err, ERR_INPUT,
			"nothing may follow the host and port of a mail server in '%s'", url->text);
	}
	*(const struct url **)field = url;
	return 0;
}

static void url_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\", \"pattern\": \"^smtps?://\"");
}

static void url_add(const void *field, struct strbuf *out)
{
	const struct url *url = *(const struct url *const *)field;

	if (url) {
		strbuf_adds(out, url->text);
	}
}

const struct option_type option_smtp_url = {
	.name = "mail server",
	.placeholder = "URL",
	.size = sizeof(const struct url *),
	.parse = url_parse_option,
	.schema = url_schema,
	.syntax = "smtp://host or smtp://host:port (port 25, TLS by STARTTLS), or smtps://host "
		  "(port 465, TLS from the start)",
	.add = url_add,
};
