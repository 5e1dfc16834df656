package io.clocktower.kubevirt;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the elements of a document and where they stand, which no parser of the JDK tells exactly. It checks only what it
 * needs; {@link XmlDocument} has a parser check the rest.
 */
final class XmlScanner {

    /** More elements and attributes together than any domain has; each costs about a hundred bytes of memory. */
    private static final int MAX_NODES = 50_000;
    private static final Pattern NAME = Pattern.compile("[^\\s<>/=\"'&]+");
    private static final Pattern ATTRIBUTE = Pattern
            .compile("\\s+([^\\s<>/=\"'&]+)\\s*=\\s*(?:\"([^\"<]*+)\"|'([^'<]*+)')");
    private static final Pattern TAG_END = Pattern.compile("\\s*+(/?)>");
    private static final Pattern REFERENCE = Pattern.compile("&(?:#(\\d{1,7})|#x([0-9A-Fa-f]{1,6})|(\\w+));");
    private static final Map<String, String> ENTITIES = Map.of("lt", "<", "gt", ">", "amp", "&", "quot", "\"", "apos",
            "'");
    private static final String XMLNS = "xmlns";

    private final String text;
    private int nodes;
    private XmlElement root;
    private XmlElement open;

    private XmlScanner(String text) {
        this.text = text;
    }

    /**
     * The root element with all below it.
     *
     * @throws HookException if the document is torn, or has a DTD
     */
    static XmlElement scan(String text) {
        return new XmlScanner(text).scan();
    }

    private XmlElement scan() {
        int at = text.indexOf('<');
        while (at >= 0) {
            at = text.indexOf('<', next(at));
        }
        if (root == null) {
            throw new HookException("the domain is not XML: it has no element");
        }
        if (open != null) {
            throw torn("the element " + open.name(), open.start());
        }
        return root;
    }

    /** The offset after the tag, comment, section or instruction that begins there. */
    private int next(int at) {
        if (text.startsWith("<!--", at)) {
            return after("-->", at, 4, "a comment");
        } else if (text.startsWith("<![CDATA[", at)) {
            return after("]]>", at, 9, "a CDATA section");
        } else if (text.startsWith("<?", at)) {
            return after("?>", at, 2, "a processing instruction");
        } else if (text.startsWith("<!", at)) {
            throw new HookException("the domain has a DTD or a declaration in line %d, which is refused: a domain has"
                    + " neither", line(at));
        }
        return text.startsWith("</", at) ? endTag(at) : startTag(at);
    }

    private int after(String end, int at, int skipped, String what) {
        int found = text.indexOf(end, at + skipped);
        if (found < 0) {
            throw torn(what, at);
        }
        return found + end.length();
    }

    private int endTag(int at) {
        int end = after(">", at, 2, "an end tag");
        String name = text.substring(at + 2, end - 1).strip();
        if (open == null || !open.name().equals(name)) {
            throw new HookException("the domain is not well-formed XML: line %d has an end tag of an element that is"
                    + " not open", line(at));
        }
        open.endAt(at);
        open = open.parent();
        return end;
    }

    private int startTag(int at) {
        Matcher name = NAME.matcher(text).region(at + 1, text.length());
        if (!name.lookingAt() || open == null && root != null) {
            throw new HookException("the domain is not well-formed XML in line %d", line(at));
        }
        List<XmlAttribute> attributes = new ArrayList<>();
        Matcher attribute = ATTRIBUTE.matcher(text).region(name.end(), text.length());
        int end = name.end();
        while (attribute.lookingAt()) {
            count();
            int group = attribute.group(2) != null ? 2 : 3;
            attributes.add(new XmlAttribute(attribute.group(1), attribute.start(group), attribute.end(group),
                    unescaped(attribute.group(group))));
            end = attribute.end();
            attribute.region(end, text.length());
        }
        Matcher tagEnd = TAG_END.matcher(text).region(end, text.length());
        if (!tagEnd.lookingAt()) {
            throw torn("the start tag of " + name.group(), at);
        }
        count();
        boolean isSelfClosed = !tagEnd.group(1).isEmpty();
        XmlElement element = new XmlElement(name.group(), open, List.copyOf(attributes), namespaces(attributes), at,
                tagEnd.end(), isSelfClosed);
        root = root == null ? element : root;
        open = isSelfClosed ? open : element;
        return tagEnd.end();
    }

    private void count() {
        if (++nodes > MAX_NODES) {
            throw new HookException("the domain has more than %d elements and attributes", MAX_NODES);
        }
    }

    private Map<String, String> namespaces(List<XmlAttribute> attributes) {
        Map<String, String> inherited = open == null ? Map.of() : open.namespaces();
        Map<String, String> own = null;
        for (XmlAttribute attribute : attributes) {
            boolean isDefault = attribute.name().equals(XMLNS);
            if (isDefault || attribute.name().startsWith(XMLNS + ":")) {
                own = own == null ? new HashMap<>(inherited) : own;
                own.put(isDefault ? "" : attribute.name().substring(XMLNS.length() + 1), attribute.value());
            }
        }
        return own == null ? inherited : own;
    }

    private HookException torn(String what, int at) {
        return new HookException("the domain is not well-formed XML: %s that begins in line %d has no end", what,
                line(at));
    }

    private long line(int at) {
        return 1 + text.substring(0, at).chars().filter(character -> character == '\n').count();
    }

    /** An entity that is not one of XML's five is left for the parser to refuse. */
    private static String unescaped(String value) {
        return REFERENCE.matcher(value).replaceAll(reference -> Matcher.quoteReplacement(
                reference.group(3) != null
                        ? ENTITIES.getOrDefault(reference.group(3), reference.group())
                        : character(reference.group(1) != null
                                ? Integer.parseInt(reference.group(1))
                                : Integer.parseInt(reference.group(2), 16))));
    }

    private static String character(int codePoint) {
        return Character.isValidCodePoint(codePoint) ? Character.toString(codePoint) : "\uFFFD";
    }
}
