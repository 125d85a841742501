/*
 * Two buffers, and the lines in them.  See host_words.h.
 */
#include "fleet/host_words.h"

#include "base/utf8.h"

enum {
	OUT_MAX = 1 << 20, /* the first output may overtake the word that it has started */
	ERR_MAX = 4096,
	LINE_MAX_BYTES = 160, /* in a message */
};

void host_words_init(struct host_words *words)
{
	strbuf_init(&words->said[SSH_STREAM_STDOUT], OUT_MAX);
	strbuf_init(&words->said[SSH_STREAM_STDERR], ERR_MAX);
}

void host_words_release(struct host_words *words)
{
	strbuf_release(&words->said[SSH_STREAM_STDOUT]);
	strbuf_release(&words->said[SSH_STREAM_STDERR]);
}

bool host_words_add(struct host_words *words, enum ssh_stream stream, struct str bytes)
{
	strbuf_addstr(&words->said[stream], bytes);
	return words->said[SSH_STREAM_STDOUT].dropped_bytes == 0;
}

void host_words_forget(struct host_words *words, enum ssh_stream stream)
{
	strbuf_clear(&words->said[stream]);
}

struct str host_words_all(const struct host_words *words, enum ssh_stream stream)
{
	return strbuf_str(&words->said[stream]);
}

struct str host_words_line(const struct host_words *words, enum ssh_stream stream)
{
	struct str rest = strbuf_str(&words->said[stream]);
	struct str line;

	while (str_line(&rest, &line)) {
		line = str_trim(line);
		if (line.len > 0) {
			return line;
		}
	}
	return str_of("");
}

struct str host_words_any(const struct host_words *words)
{
	struct str line = host_words_line(words, SSH_STREAM_STDERR);

	return line.len > 0 ? line : host_words_line(words, SSH_STREAM_STDOUT);
}

void host_words_add_to(struct strbuf *message, struct str line)
{
	if (line.len > 0) {
		strbuf_adds(message, message->len > 0 ? ": " : "");
		utf8_add_escaped(message, line, LINE_MAX_BYTES);
	}
}
