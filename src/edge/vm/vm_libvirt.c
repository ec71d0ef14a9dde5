/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the XML of a libvirt domain. The only file that knows libxml2. */
#include <errno.h>
#include <libxml/xmlreader.h>

#include "oci-vfio-hook/file.h"
#include "oci-vfio-hook/library.h"
#include "oci-vfio-hook/libvirt_domain.h"
#include "oci-vfio-hook/vm_source.h"

/* Of a domain with hundreds of disks it is less than one. */
#define XML_SIZE_MAX ((size_t)16 << 20)

/* Elements have no more attributes in any domain; what comes after them isn't looked at. */
#define ATTRIBUTES_MAX 32

#if LIBXML_VERSION >= 21400
#define LIBXML2_SONAME "libxml2.so.16"
#else
#define LIBXML2_SONAME "libxml2.so.2"
#endif

LIBRARY_NOTE(
	"[{\"feature\":\"libvirt\",\"description\":\"Making a device map of the XML of a libvirt domain\",\"priority\":\"suggested\",\"soname\":[\"" LIBXML2_SONAME
	"\"]}]");

#define LIBXML2(FUNCTION)                                                                \
	FUNCTION(xmlReaderForMemory)                                                     \
	FUNCTION(xmlFreeTextReader)                                                      \
	FUNCTION(xmlTextReaderSetErrorHandler)                                           \
	FUNCTION(xmlTextReaderLocatorLineNumber)                                         \
	FUNCTION(xmlTextReaderRead)                                                      \
	FUNCTION(xmlTextReaderNodeType)                                                  \
	FUNCTION(xmlTextReaderConstLocalName)                                            \
	FUNCTION(xmlTextReaderConstValue)                                                \
	FUNCTION(xmlTextReaderIsEmptyElement)                                            \
	FUNCTION(xmlTextReaderMoveToNextAttribute)                                       \
	FUNCTION(xmlTextReaderCurrentNode)                                               \
	FUNCTION(xmlGetLineNo)
LIBRARY(libxml2, LIBXML2);

static const struct library libxml2_library = {
	.soname = LIBXML2_SONAME,
	.package = "libxml2",
	.need = "read libvirt's XML",
	.names = libxml2_names,
};

struct parser {
	struct libxml2 libxml2;
	xmlTextReaderPtr reader;
	const char *name;
	struct libvirt_domain *domain;
	struct error *err;
};

/* The library's message, and where; the first one counts. */
static void take_error(void *context, const char *message, xmlParserSeverities severity,
		       xmlTextReaderLocatorPtr locator)
{
	struct parser *parser = context;
	auto_free char *quoted = NULL;
	struct slice text = slice_from(message ? message : "");

	if (severity != XML_PARSER_SEVERITY_ERROR)
		return;
	while (text.length && text.data[text.length - 1] == '\n')
		text.length--;
	quoted = text_quote(text);
	error_set(parser->err, ERROR_DATA, "%s: line %d: is not XML: libxml2 says %s",
		  parser->name, parser->libxml2.xmlTextReaderLocatorLineNumber(locator),
		  quoted);
}

static struct slice text_of(const xmlChar *text)
{
	return slice_from(text ? (const char *)text : "");
}

/* The values are the reader's only until it moves on. */
static void open_element(struct parser *parser)
{
	const struct libxml2 *libxml2 = &parser->libxml2;
	xmlTextReaderPtr reader = parser->reader;
	struct xml_attribute attributes[ATTRIBUTES_MAX];
	char *values[ATTRIBUTES_MAX];
	auto_free char *name =
		xstrdup(text_of(libxml2->xmlTextReaderConstLocalName(reader)).data);
	/* The parser is ahead of the reader. */
	const long line =
		libxml2->xmlGetLineNo(libxml2->xmlTextReaderCurrentNode(reader));
	const bool is_empty = libxml2->xmlTextReaderIsEmptyElement(reader) == 1;
	size_t count = 0;

	while (count < ATTRIBUTES_MAX &&
	       libxml2->xmlTextReaderMoveToNextAttribute(reader) == 1) {
		/* Names are kept in the reader's dictionary. */
		attributes[count].name =
			text_of(libxml2->xmlTextReaderConstLocalName(reader));
		values[count] =
			xstrdup(text_of(libxml2->xmlTextReaderConstValue(reader)).data);
		attributes[count].value = slice_from(values[count]);
		count++;
	}
	libvirt_domain_open(parser->domain, slice_from(name), attributes, count,
			    line > 0 ? (size_t)line : 0);
	if (is_empty)
		libvirt_domain_close(parser->domain);
	while (count > 0)
		free(values[--count]);
}

static int read_all(struct parser *parser)
{
	const struct libxml2 *libxml2 = &parser->libxml2;
	int r;

	while ((r = libxml2->xmlTextReaderRead(parser->reader)) == 1) {
		switch (libxml2->xmlTextReaderNodeType(parser->reader)) {
		case XML_READER_TYPE_ELEMENT:
			open_element(parser);
			break;
		case XML_READER_TYPE_END_ELEMENT:
			libvirt_domain_close(parser->domain);
			break;
		default:
			break;
		}
	}
	if (r == 0 && !parser->err->class)
		return 0;
	return error_set(parser->err, ERROR_DATA, "%s: is not XML", parser->name);
}

/* Nothing is fetched, no entity is replaced, and there is no document type. */
static int parse(const char *name, struct slice text, struct libvirt_domain *domain,
		 struct error *err)
{
	struct parser parser = { .name = name, .domain = domain, .err = err };
	int r = library_open(&libxml2_library, &parser.libxml2, err);

	if (r < 0)
		return r;
	parser.reader = parser.libxml2.xmlReaderForMemory(text.data, (int)text.length,
							  NULL, "UTF-8", XML_PARSE_NONET);
	if (!parser.reader)
		return error_set(err, ERROR_DATA, "%s: is not XML", name);
	parser.libxml2.xmlTextReaderSetErrorHandler(parser.reader, take_error, &parser);
	r = read_all(&parser);
	parser.libxml2.xmlFreeTextReader(parser.reader);
	return r;
}

int vm_source_libvirt(const char *path, struct vm_devices *ret, struct messages *messages,
		      struct error *err)
{
	auto_free char *name = NULL, *text = NULL;
	auto_libvirt_domain domain = { 0 };
	size_t length;
	int r = file_read_input(path, true, XML_SIZE_MAX, &name, &text, &length, err);

	if (r == 0)
		r = libvirt_xml_check(name, (struct slice) { text, length }, err);
	if (r == 0)
		r = parse(name, (struct slice) { text, length }, &domain, err);
	return r < 0 ? r : libvirt_domain_find_devices(&domain, name, ret, messages, err);
}
