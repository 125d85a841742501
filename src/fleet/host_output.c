/*
 * One host's output, spread to whoever wants it.  See host_output.h.
 */
#include "fleet/host_output.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"

struct stream {
	struct host_output *owner;
	enum ssh_stream which;
	struct line_assembler lines;
	struct output_file *file; /* NULL: none is wanted */
};

/* What is needed only while more may come: of thousands of hosts few are written by at a time. */
struct writing {
	struct stream streams[HOST_STREAMS];
	struct fold_digest *digest, *masked;
	struct err file_err; /* the first */
};

struct host_output {
	const struct host_output_wants *wants;
	size_t host;
	struct str name;
	struct writing *writing; /* NULL: it has ended */
	struct capture captures[HOST_STREAMS];
	struct fold_key key, masked_key;
	struct strbuf excerpt;
	uint64_t bytes, left_out_bytes;
};

static const char *const suffixes[HOST_STREAMS] = {
	[SSH_STREAM_STDOUT] = ".out",
	[SSH_STREAM_STDERR] = ".err",
};

static void tell_line(void *arg, struct str line, enum line_end end)
{
	const struct stream *stream = arg;
	const struct host_output *output = stream->owner;

	output->wants->line(output->wants->arg, output->host, stream->which, line, end);
}

static int open_streams(struct host_output *output, struct err *err)
{
	const struct host_output_wants *wants = output->wants;

	for (int i = 0; i < HOST_STREAMS; i++) {
		struct stream *stream = &output->writing->streams[i];

		stream->owner = output;
		stream->which = (enum ssh_stream)i;
		if (wants->pool) {
			capture_init(&output->captures[i], wants->pool);
		}
		if (wants->line) {
			line_assembler_init(&stream->lines, 0, tell_line, stream);
		}
		if (wants->dir && output_file_new(wants->dir, output->name, suffixes[i],
					  &stream->file, err) < 0) {
			return -1;
		}
	}
	return 0;
}

struct host_output *host_output_new(
	const struct host_output_wants *wants, size_t host, struct str name, struct err *err)
{
	struct host_output *output = xcalloc(1, sizeof(*output));

	output->wants = wants;
	output->host = host;
	output->name = name;
	strbuf_init(&output->excerpt, HOST_EXCERPT_MAX);
	output->writing = xcalloc(1, sizeof(*output->writing));
	output->writing->digest = fold_digest_new(NULL);
	if (wants->is_masked) {
		const struct fold_mask mask = fold_mask_of(name);

		output->writing->masked = fold_digest_new(&mask);
	}
	if (open_streams(output, err) < 0) {
		host_output_free(&output);
		return NULL;
	}
	return output;
}

static void writing_free(struct writing **writing_ptr)
{
	struct writing *writing = TAKE(*writing_ptr);

	if (!writing) {
		return;
	}
	for (int i = 0; i < HOST_STREAMS; i++) {
		line_assembler_release(&writing->streams[i].lines);
		(void)output_file_close(&writing->streams[i].file, NULL); /* nobody to tell */
	}
	fold_digest_free(&writing->digest);
	fold_digest_free(&writing->masked);
	free(writing);
}

void host_output_free(struct host_output **output_ptr)
{
	struct host_output *output = TAKE(*output_ptr);

	if (!output) {
		return;
	}
	host_output_forget(output);
	writing_free(&output->writing);
	strbuf_release(&output->excerpt);
	free(output);
}

static void write_file(struct writing *writing, struct stream *stream, struct str bytes)
{
	struct err err = {0};

	if (output_file_add(stream->file, bytes, &err) < 0 && writing->file_err.code == ERR_NONE) {
		writing->file_err = err;
	}
}

void host_output_add(struct host_output *output, enum ssh_stream which, struct str bytes)
{
	struct writing *writing = output->writing;
	struct stream *stream = &writing->streams[which];
	enum fold_stream fold_stream = which == SSH_STREAM_STDOUT ? FOLD_STDOUT : FOLD_STDERR;

	output->bytes += bytes.len;
	strbuf_addstr(&output->excerpt, bytes);
	fold_digest_add(writing->digest, fold_stream, bytes);
	if (writing->masked) {
		fold_digest_add(writing->masked, fold_stream, bytes);
	}
	if (output->wants->pool) {
		capture_add(&output->captures[which], bytes);
	}
	if (output->wants->line) {
		line_assembler_add(&stream->lines, bytes);
	}
	if (stream->file) {
		write_file(writing, stream, bytes);
	}
}

static void end_stream(struct host_output *output, struct stream *stream)
{
	struct writing *writing = output->writing;
	struct err err = {0};

	if (output->wants->line) {
		line_assembler_flush(&stream->lines);
	}
	if (output->wants->pool) {
		output->left_out_bytes +=
			capture_view(&output->captures[stream->which]).left_out_bytes;
	}
	if (stream->file && output_file_close(&stream->file, &err) < 0 &&
		writing->file_err.code == ERR_NONE) {
		writing->file_err = err;
	}
}

int host_output_end(struct host_output *output, struct err *err)
{
	struct writing *writing = output->writing;
	int status = 0;

	for (int i = 0; i < HOST_STREAMS; i++) {
		end_stream(output, &writing->streams[i]);
	}
	output->key = fold_digest_end(writing->digest);
	output->masked_key = writing->masked ? fold_digest_end(writing->masked) : output->key;
	if (writing->file_err.code != ERR_NONE) {
		status = err_set(err, writing->file_err.code, "%s", writing->file_err.msg);
	}
	writing_free(&output->writing);
	return status;
}

const struct fold_key *host_output_key(const struct host_output *output)
{
	return &output->key;
}

const struct fold_key *host_output_masked_key(const struct host_output *output)
{
	return &output->masked_key;
}

uint64_t host_output_bytes(const struct host_output *output)
{
	return output->bytes;
}

uint64_t host_output_left_out(const struct host_output *output)
{
	return output->left_out_bytes;
}

static void add_escaped_line(void *arg, struct str line, enum line_end end)
{
	(void)end;
	utf8_add_escaped(arg, line, 0);
	strbuf_addc(arg, '\n');
}

void host_output_add_excerpt(const struct host_output *output, struct strbuf *out)
{
	struct line_assembler lines;

	line_assembler_init(&lines, 0, add_escaped_line, out);
	line_assembler_add(&lines, strbuf_str(&output->excerpt));
	line_assembler_flush(&lines);
	line_assembler_release(&lines);
}

void host_output_add_text(
	const struct host_output *output, enum ssh_stream which, struct strbuf *out)
{
	if (output->wants->pool) {
		capture_add_text(&output->captures[which], out);
	}
}

static void add_marked_line(void *arg, struct str line, enum line_end end)
{
	(void)end;
	strbuf_adds(arg, "stderr: ");
	strbuf_addstr(arg, line);
	strbuf_addc(arg, '\n');
}

void host_output_add_both(const struct host_output *output, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf errors = STRBUF_INIT;
	struct line_assembler lines;

	host_output_add_text(output, SSH_STREAM_STDOUT, out);
	host_output_add_text(output, SSH_STREAM_STDERR, &errors);
	if (errors.len > 0 && out->len > 0 && out->buf[out->len - 1] != '\n') {
		strbuf_addc(out, '\n');
	}
	line_assembler_init(&lines, 0, add_marked_line, out);
	line_assembler_add(&lines, strbuf_str(&errors));
	line_assembler_flush(&lines);
	line_assembler_release(&lines);
}

void host_output_forget(struct host_output *output)
{
	for (int i = 0; output->wants->pool && i < HOST_STREAMS; i++) {
		capture_release(&output->captures[i]);
	}
}
