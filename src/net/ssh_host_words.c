/*
 * See ssh_host_words.h.
 */
#include "net/ssh_host_words.h"

#include "net/ssh_host_key.h"

enum { DEFAULT_PORT = 22 };

struct ssh_hosts_name ssh_host_words_name(const struct ssh_settings *settings)
{
	if (settings->host_key_alias) {
		return (struct ssh_hosts_name){
			.host = settings->host_key_alias, .files = settings->known_hosts_files};
	}
	return (struct ssh_hosts_name){.host = settings->hostname,
		.port = settings->port,
		.files = settings->known_hosts_files};
}

void ssh_host_words_add_key(struct strbuf *out, struct str blob)
{
	struct str type = str_of("unknown");

	(void)ssh_host_key_type(blob, &type);
	strbuf_addstr(out, ssh_host_key_short_type(type));
	strbuf_addc(out, ' ');
	ssh_host_key_add_fingerprint(out, blob);
}

static void add_place(struct strbuf *out, const struct ssh_host_words *words)
{
	if (words->path && words->line > 0) {
		strbuf_addf(out, "%s:%zu", words->path, words->line);
	} else {
		strbuf_adds(out, "what was seen before");
	}
}

static void add_command(struct strbuf *out, const struct ssh_host_words *words, const char *flag)
{
	strbuf_addf(out, "sre-toolkit fleet keys --hosts %s", words->alias);
	if (words->port != 0 && words->port != DEFAULT_PORT) {
		strbuf_addf(out, " --port %u", words->port);
	}
	if (words->config_file) {
		strbuf_addf(out, " --ssh-config %s", words->config_file);
	}
	strbuf_addf(out, " %s", flag);
}

void ssh_host_words_add_unknown(struct strbuf *out, const struct ssh_host_words *words)
{
	strbuf_addf(out, "the host key of '%s' is not known", words->name);
	if (words->shown) {
		strbuf_addf(out, ": it is %s", words->shown);
	}
	strbuf_adds(out, "; compare it, then accept it with: ");
	add_command(out, words, "--record");
}

void ssh_host_words_add_changed(struct strbuf *out, const struct ssh_host_words *words)
{
	strbuf_addf(out, "the host key of '%s' has changed: ", words->name);
	add_place(out, words);
	strbuf_addf(out, " has %s", words->known ? words->known : "another");
	if (words->shown) {
		strbuf_addf(out, ", the host shows %s", words->shown);
	}
	strbuf_adds(out, "; if that is meant to be: ");
	add_command(out, words, "--replace-changed");
}

void ssh_host_words_add_revoked(struct strbuf *out, const struct ssh_host_words *words)
{
	strbuf_addf(out, "the host key of '%s' is revoked by ", words->name);
	add_place(out, words);
	if (words->shown) {
		strbuf_addf(out, ": %s", words->shown);
	}
}
