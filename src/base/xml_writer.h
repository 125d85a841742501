/*
 * Writes XML 1.0 into a strbuf, element by element, indented by two spaces.
 *
 * Whatever the text, the document is well-formed: what is not UTF-8 and what XML forbids becomes
 * U+FFFD, line ends in attributes survive, characters that a terminal would obey are references.
 */
#ifndef BASE_XML_WRITER_H
#define BASE_XML_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct strbuf;

enum { XML_DEPTH_MAX = 16 };

struct xml_writer {
	struct strbuf *out; /* borrowed */
	int depth;
	bool is_tag_open; /* "<name" is written, ">" is not */
	struct xml_level {
		const char *name;
		bool has_child;
		bool has_text;
	} levels[XML_DEPTH_MAX];
};

/* Writes the declaration. */
void xml_writer_init(struct xml_writer *, struct strbuf *out);

/* Names are ours, not from outside, and stay valid until the element ends. */
void xml_write_begin(struct xml_writer *, const char *name);
void xml_write_end(struct xml_writer *);

/* Directly after xml_write_begin() or another attribute. */
void xml_write_attribute(struct xml_writer *, const char *name, struct str value);
void xml_write_attribute_string(struct xml_writer *, const char *name, const char *value);
void xml_write_attribute_int(struct xml_writer *, const char *name, int64_t);
void xml_write_text(struct xml_writer *, struct str);

#endif
