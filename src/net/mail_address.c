/*
 * What stands before the last "<" is a name, what is left an address.  See mail_address.h.
 */
#include "net/mail_address.h"

#include "base/strbuf.h"
#include "base/utf8.h"
#include "net/address.h"
#include "net/host_name.h"

/* atext of RFC 5322. */
static bool is_word_char(char c)
{
	return char_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_local_part(struct str local)
{
	char last = '.';

	if (local.len == 0 || local.len > MAIL_LOCAL_PART_MAX || local.ptr[0] == '-') {
		return false;
	}
	for (size_t i = 0; i < local.len; i++) {
		char c = local.ptr[i];

		if (c == '.' ? last == '.' : !is_word_char(c)) {
			return false;
		}
		last = c;
	}
	return last != '.';
}

/* "192.0.2.1", "IPv6:2001:db8::1": between brackets. */
static bool is_address_literal(struct str literal)
{
	static const char tag[] = "IPv6:";
	size_t tag_len = sizeof(tag) - 1;
	bool is_ipv6 = str_case_eq(str_sub(literal, 0, tag_len), str_of(tag));
	struct str ip = is_ipv6 ? str_sub(literal, tag_len, literal.len) : literal;
	struct address address;

	return address_parse(ip, 0, &address) && str_find(ip, '%', 0) == ip.len &&
	       str_find(ip, '[', 0) == ip.len &&
	       (address_family_of(&address) == ADDRESS_IPV6) == is_ipv6;
}

static bool is_domain(struct str domain)
{
	if (str_starts(domain, "[") && str_ends(domain, "]")) {
		return is_address_literal(str_sub(domain, 1, domain.len - 2));
	}
	return host_name_is_valid(domain) && !str_starts(domain, "-") && !str_ends(domain, ".");
}

bool mail_address_is_valid(struct str address)
{
	size_t at = str_find(address, '@', 0);

	return address.len <= MAIL_ADDRESS_MAX && at < address.len &&
	       is_local_part(str_sub(address, 0, at)) &&
	       is_domain(str_sub(address, at + 1, address.len));
}

/* Between double quotes, a backslash before what is to be taken as it is. */
static int unquote(struct str quoted, struct strbuf *name, struct err *err)
{
	for (size_t i = 0; i < quoted.len; i++) {
		if (quoted.ptr[i] == '"') {
			return err_set(err, ERR_INPUT, "double quote within the name");
		}
		if (quoted.ptr[i] == '\\' && ++i == quoted.len) {
			return err_set(err, ERR_INPUT, "nothing after the last backslash");
		}
		strbuf_addc(name, quoted.ptr[i]);
	}
	return 0;
}

static int check_name(struct str name, struct err *err)
{
	uint32_t c;

	if (name.len > MAIL_NAME_MAX) {
		return err_set(err, ERR_INPUT, "name is longer than %d bytes", MAIL_NAME_MAX);
	}
	while (name.len > 0) {
		size_t len = utf8_decode(name, &c);

		if (len == 0) {
			return err_set(err, ERR_INPUT, "name is not UTF-8");
		}
		if (utf8_is_unsafe(c)) {
			return err_set(err, ERR_INPUT, "character in the name that is not seen");
		}
		name = str_sub(name, len, name.len);
	}
	return 0;
}

/* What stands before "<". */
static int parse_name(struct str text, struct arena *arena, const char **ret_name, struct err *err)
{
	struct strbuf name = STRBUF_INIT;
	struct str written = str_trim(text);
	int status = 0;

	if (written.len >= 2 && str_starts(written, "\"") && str_ends(written, "\"")) {
		status = unquote(str_sub(written, 1, written.len - 2), &name, err);
	} else if (str_find(written, '<', 0) < written.len ||
		   str_find(written, '>', 0) < written.len ||
		   str_find(written, '"', 0) < written.len) {
		status = err_set(err, ERR_INPUT, "name has to stand in double quotes");
	} else {
		strbuf_addstr(&name, written);
	}
	if (status == 0) {
		status = check_name(strbuf_str(&name), err);
	}
	if (status == 0) {
		*ret_name = name.len > 0 ? str_dup(strbuf_str(&name), arena) : NULL;
	}
	strbuf_release(&name);
	return status;
}

/* The last "<": one within a quoted name is not the one. */
static size_t find_opening(struct str text)
{
	size_t pos = text.len;

	while (pos > 0 && text.ptr[pos - 1] != '<') {
		pos--;
	}
	return pos > 0 ? pos - 1 : text.len;
}

int mail_address_parse(
	struct str text, struct arena *arena, struct mail_address *ret_address, struct err *err)
{
	struct str all = str_trim(text);
	struct str address = all;
	const char *name = NULL;

	if (str_ends(all, ">")) {
		size_t opening = find_opening(all);

		if (opening < all.len &&
			parse_name(str_sub(all, 0, opening), arena, &name, err) < 0) {
			return err_wrap(err, "'%s'", utf8_quote(text).text);
		}
		address = str_sub(all, opening + 1, all.len - opening - 2);
	}
	if (!mail_address_is_valid(address)) {
		return err_set(err, ERR_INPUT,
			"'%s' is not a mail address like sre@example.com or Name <sre@example.com>",
			utf8_quote(text).text);
	}
	*ret_address = (struct mail_address){.name = name, .address = str_dup(address, arena)};
	return 0;
}
