/*
 * Hosts as a survey tells of them, with keys that are one letter: 'a' to 'z' of ed25519, 'A' to 'Z'
 * of RSA.
 */
#ifndef TESTS_UNIT_FLEET_SURVEY_SAMPLE_H
#define TESTS_UNIT_FLEET_SURVEY_SAMPLE_H

#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "fleet/key_survey.h"

static inline struct str sample_blob(struct arena *arena, char letter)
{
	const char *type = letter >= 'a' ? "ssh-ed25519" : "ssh-rsa";
	size_t len = strlen(type);
	char *blob = arena_calloc(arena, len + 9, 1);

	blob[3] = (char)len;
	memcpy(blob + 4, type, len);
	blob[7 + len] = 1;
	blob[8 + len] = letter;
	return str_n(blob, len + 9);
}

/* A host by its name, which shows the keys of the letters; against a table and one file. */
static inline struct surveyed_host sample_host(struct arena *arena, struct ssh_hosts *hosts,
	const char *path, const char *name, const char *letters)
{
	size_t count = strlen(letters);
	struct str *blobs = arena_calloc(arena, count + 1, sizeof(*blobs));
	const char **paths = arena_calloc(arena, 2, sizeof(*paths));
	struct surveyed_host host = {.name = name,
		.known_as = name,
		.names = {name, 22},
		.paths = paths,
		.record_path = path,
		.has_ended = true};

	paths[0] = path;
	for (size_t i = 0; i < count; i++) {
		blobs[i] = sample_blob(arena, letters[i]);
	}
	if (count > 0) {
		ssh_key_review(hosts, &host.names, blobs, count, arena, &host.review);
	}
	return host;
}

/* "name letter" on each line, as a file of known hosts. */
static inline const char *sample_known(struct arena *arena, const char *lines)
{
	struct strbuf text = STRBUF_INIT;
	struct str rest = str_of(lines), line;
	const char *kept;

	while (str_line(&rest, &line)) {
		char letter = line.ptr[line.len - 1];

		strbuf_addf(&text, "%.*s%s ", (int)line.len - 1, line.ptr,
			letter >= 'a' ? "ssh-ed25519" : "ssh-rsa");
		base64_add(&text, sample_blob(arena, letter));
		strbuf_addc(&text, '\n');
	}
	kept = arena_strdup(arena, text.buf);
	strbuf_release(&text);
	return kept;
}

#endif
