/*
 * Message templates: text with {{names}}, sections and filters; no code, no loops but over lists.
 *
 *	{{title}}                      a value
 *	{{severity|upper}}             through filters: upper, lower, cut:80, json, url
 *	{{label.team}} {{field.disk}}  one label or field; empty if there is none
 *	{{#resolved}}...{{/resolved}}  if it is true, or not empty; {{^resolved}} if not
 *	{{#fields}}{{name}}: {{value}}{{/fields}}   for each
 *	{{#alerts}}...{{/alerts}}      for each alert of a group
 *	{{{{                           two braces
 *
 * Values are escaped by whoever renders, for the place they go to; the template's own text is not.
 * The names are in template.c; outside {{#alerts}} those of an alert are the first one's.
 */
#ifndef NOTIFY_TEMPLATE_H
#define NOTIFY_TEMPLATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "conf/option.h"
#include "notify/notification.h"

struct template;

enum { TEMPLATE_MAX = 64 * 1024, TEMPLATE_DEPTH_MAX = 16 };

/* A value, compiled by the reader: struct template *, NULL when not set. */
extern const struct option_type option_template;

/* In the arena.  ERR_INPUT says what is wrong and at which character. */
int template_parse(struct str text, struct arena *, struct template **ret_template, struct err *);

typedef void template_escape_fn(struct str value, struct strbuf *out);

/* `escape` NULL: values as they are.  Stops at out's maximum like any writer of it; a template can
 * make much of little, so that there should be one. */
void template_render(const struct template *, const struct notification *,
	template_escape_fn *escape, struct strbuf *out);

/* For a template that is a JSON text: values are escaped to stand within a JSON string, and those
 * whose last filter is `json` stand as the JSON strings that it makes, with their quotes. */
void template_render_json(const struct template *, const struct notification *, struct strbuf *out);

/* As it was written. */
struct str template_source(const struct template *);

#endif
