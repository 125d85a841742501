/*
 * Options and outcomes that checks over the network share.  See check_network.h.
 */
#include "check/check_network.h"

#include <errno.h>

#include "base/strbuf.h"

const char *const network_family_names[] = {"any", "ipv4", "ipv6", NULL};

static int ip_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	struct address address;

	(void)row;
	(void)context;
	if (!address_parse(text, 0, &address)) {
		return err_set(err, ERR_INPUT,
			"'%.*s' is no IP address (write 192.0.2.1 or 2001:db8::1)", STR_ARG(text));
	}
	*(struct address *)field = address;
	return 0;
}

static void ip_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\"");
}

const struct option_type option_ip = {
	.name = "IP address",
	.placeholder = "ADDRESS",
	.size = sizeof(struct address),
	.parse = ip_parse,
	.schema = ip_schema,
	.syntax = "an IPv4 or IPv6 address without a port, as in 192.0.2.1 or 2001:db8::1",
};

void network_fill_dial(const struct network_opts *opts, struct dial_spec *spec)
{
	spec->family = (enum address_family)opts->family;
	spec->only = opts->resolve.sa_len ? &opts->resolve : NULL;
	spec->source = opts->source.sa_len ? &opts->source : NULL;
}

const char *network_address_text(struct arena *arena, const struct address *address)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	address_add_ip_port(address, &text);
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

void network_add_dial_values(struct check_run *run, const struct dial_result *dial)
{
	check_value_add(
		&run->result, "lookup_seconds", UNIT_SECONDS, (double)dial->lookup_us / 1e6);
	if (dial->address.sa_len) {
		check_value_add_text(&run->result, "remote_address",
			network_address_text(run->arena, &dial->address));
	}
	if (dial->status == DIAL_OK) {
		check_value_add(&run->result, "connect_seconds", UNIT_SECONDS,
			(double)dial->connect_us / 1e6);
	}
}

enum check_code network_dial_code(const struct network_opts *opts, const struct dial_result *dial)
{
	if (opts->source.sa_len && dial->error == EADDRNOTAVAIL) {
		return CODE_LOCAL_ERROR; /* no such address here */
	}
	switch (dial->status) {
	case DIAL_OK:
		return CODE_OK;
	case DIAL_DNS_FAILED:
		return CODE_DNS_FAILED;
	case DIAL_REFUSED:
		return CODE_CONNECTION_REFUSED;
	case DIAL_UNREACHABLE:
		return CODE_CONNECTION_FAILED;
	case DIAL_TIMEOUT:
		return CODE_TIMEOUT;
	case DIAL_RESET:
		return CODE_CONNECTION_CLOSED;
	case DIAL_ERROR:
		return CODE_LOCAL_ERROR;
	}
	return CODE_LOCAL_ERROR;
}
