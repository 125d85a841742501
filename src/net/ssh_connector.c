/*
 * What logins share, and the links that are kept for who asks next.  See ssh_login.h.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "net/ssh_login_internal.h"

const char *ssh_transport_name(enum ssh_transport transport)
{
	switch (transport) {
	case SSH_TRANSPORT_AUTO:
		return "auto";
	case SSH_TRANSPORT_NATIVE:
		return "native";
	case SSH_TRANSPORT_OPENSSH:
		break;
	}
	return "openssh";
}

struct ssh_connector *ssh_connector_new(
	struct loop *loop, struct resolver *resolver, const struct ssh_connector_options *options)
{
	struct ssh_connector *connector = xcalloc(1, sizeof(*connector));

	*connector = (struct ssh_connector){
		.loop = loop,
		.options = *options,
		.client = ssh_client_new(loop, resolver),
		.config = ssh_config_new(
			loop, &(struct ssh_config_options){.file = options->config_file,
				      .program = options->program}),
		.limiter = ssh_limiter_new(loop, &options->limiter),
		.told = map_new(MAP_KEYS_COPIED),
		.bastions = map_new(MAP_KEYS_COPIED),
		.kept = map_new(MAP_KEYS_COPIED),
	};
	return connector;
}

struct ssh_hosts *ssh_connector_hosts(struct ssh_connector *connector)
{
	return ssh_client_hosts(connector->client);
}

void ssh_connector_free(struct ssh_connector **connector_ptr)
{
	struct ssh_connector *connector = TAKE(*connector_ptr);
	void *value;

	if (!connector) {
		return;
	}
	assert(connector->logins == 0);
	for (size_t pos = 0; map_next(connector->kept, &pos, NULL, &value);) {
		struct ssh_link *link = value;

		ssh_link_free(&link);
	}
	for (size_t pos = 0; map_next(connector->bastions, &pos, NULL, &value);) {
		struct ssh_bastion *bastion = value;

		ssh_bastion_free(&bastion);
	}
	ssh_program_free(&connector->program);
	map_free(connector->told);
	map_free(connector->kept);
	map_free(connector->bastions);
	ssh_limiter_free(&connector->limiter);
	ssh_config_free(&connector->config);
	ssh_client_free(&connector->client);
	free(connector);
}

/* --- the program ssh ------------------------------------------------------------------------ */

int ssh_connector_program(
	struct ssh_connector *connector, struct ssh_program **ret_program, struct err *err)
{
	const struct ssh_connector_options *options = &connector->options;

	if (!connector->program &&
		ssh_program_new(connector->loop,
			&(struct ssh_program_options){.program = options->program,
				.config_file = options->config_file,
				.accepts_new_host_keys = options->accepts_new_host_keys},
			&connector->program, err) < 0) {
		return err_wrap(err, "cannot log in through the program ssh");
	}
	*ret_program = connector->program;
	return 0;
}

void ssh_connector_tell_program(
	struct ssh_connector *connector, const char *name, const char *reason)
{
	static const struct log_context context = {.component = "ssh"};

	if (!map_has(connector->told, str_of(name))) {
		(void)map_set(connector->told, str_of(name), NULL);
		log_info(&context, "%s: through the program ssh: %s", name, reason);
	}
}

/* --- kept links ----------------------------------------------------------------------------- */

/* What has to be the same.  Fields cannot run into each other: none has a newline. */
static void add_key(struct strbuf *out, const struct ssh_link_spec *spec)
{
	strbuf_addf(out, "%s\n%s\n%s\n%u", spec->name, spec->address ? spec->address : "",
		spec->username ? spec->username : "", spec->port);
}

static void forget_kept(struct ssh_link *link)
{
	(void)map_remove(link->connector->kept, str_of(link->key));
	link->key = NULL;
	timer_free(&link->keeping);
}

static void on_kept_too_long(void *arg)
{
	struct ssh_link *link = arg;

	forget_kept(link);
	ssh_link_free(&link);
}

static void on_kept_ended(void *arg, const struct ssh_login_end *end)
{
	(void)end; /* nobody has it: who asks next gets a new one */
	on_kept_too_long(arg);
}

struct ssh_link *ssh_connector_take_kept(
	struct ssh_connector *connector, const struct ssh_login_spec *spec)
{
	const struct ssh_link_spec whom = {.name = spec->name,
		.address = spec->address,
		.username = spec->username,
		.port = spec->port};
	struct strbuf key = STRBUF_INIT;
	struct ssh_link *link;

	add_key(&key, &whom);
	link = map_get(connector->kept, strbuf_str(&key));
	strbuf_release(&key);
	if (link) {
		forget_kept(link);
	}
	return link;
}

void ssh_connector_keep(struct ssh_connector *connector, struct ssh_link **link_ptr)
{
	static const struct ssh_link_events events = {.ended = on_kept_ended};
	struct ssh_link *link = TAKE(*link_ptr);
	struct strbuf key = STRBUF_INIT;

	add_key(&key, &link->spec);
	if (connector->options.keep_ms <= 0 || !ssh_link_is_open(link) ||
		map_has(connector->kept, strbuf_str(&key))) {
		ssh_link_free(&link);
	} else {
		link->key = arena_strdup(link->arena, key.buf);
		link->events = &events;
		link->arg = link;
		link->keeping = timer_add(
			connector->loop, connector->options.keep_ms, on_kept_too_long, link);
		(void)map_set(connector->kept, strbuf_str(&key), link);
	}
	strbuf_release(&key);
}
