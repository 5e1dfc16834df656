package io.clocktower.kubevirt;

import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * A document that is changed in few places and stays as it is, byte for byte, in all others. New elements stand on lines of
 * their own, indented as their neighbours are. Not thread-safe.
 */
final class XmlDocument {

    /** Far more than a domain has; a message of gRPC, and so the answer, may have 4 MiB. */
    static final int MAX_BYTES = 2 << 20;
    private static final Set<String> ENCODINGS = Set.of("utf-8", "us-ascii");
    private static final String UNIT = "  ";
    private static final int MAX_REASON = 200;

    private final String text;
    private final XmlElement root;
    private final List<Edit> edits = new ArrayList<>();

    private record Edit(int start, int end, String text) {}

    private XmlDocument(String text, XmlElement root) {
        this.text = text;
        this.root = root;
    }

    /**
     * Reads a document. It has no DTD, so it names nothing outside of itself.
     *
     * @throws HookException if it is too large, not UTF-8, not well-formed, or has a DTD
     */
    static XmlDocument parse(byte[] bytes) {
        if (bytes.length > MAX_BYTES) {
            throw new HookException("the domain has %d bytes, expected at most %d", bytes.length, MAX_BYTES);
        }
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException _) {
            throw new HookException("the domain is not text in UTF-8");
        }
        XmlElement root = XmlScanner.scan(text);
        checkWellFormed(text);
        return new XmlDocument(text, root);
    }

    private static void checkWellFormed(String text) {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try {
            XMLStreamReader reader = factory.createXMLStreamReader(new StringReader(text));
            String encoding = reader.getCharacterEncodingScheme();
            if (encoding != null && !ENCODINGS.contains(encoding.toLowerCase(Locale.ROOT))) {
                throw new HookException("the domain is in the encoding %s, expected UTF-8", encoding);
            }
            while (reader.hasNext()) {
                reader.next();
            }
            reader.close();
        } catch (XMLStreamException e) {
            throw new HookException("the domain is not well-formed XML: %s", inOneLine(e));
        }
    }

    private static String inOneLine(XMLStreamException e) {
        String reason = e.getMessage().replaceFirst("(?s)^ParseError.*?Message: ", "").replaceAll("\\s+", " ");
        String shown = reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) + "…" : reason;
        return e.getLocation() == null ? shown : "line %d: %s".formatted(e.getLocation().getLineNumber(), shown);
    }

    XmlElement root() {
        return root;
    }

    /** Gives an attribute that is there another value. */
    void set(XmlAttribute attribute, String value) {
        edits.add(new Edit(attribute.valueStart(), attribute.valueEnd(), escaped(value)));
    }

    /** Adds an attribute that is not there, after the others. */
    void add(XmlElement element, String attribute, String value) {
        int end = element.tagEnd() - (element.isSelfClosed() ? 2 : 1);
        insert(textEnd(end, element.start()), " " + attribute + "=\"" + escaped(value) + "\"");
    }

    /**
     * Adds elements as the last ones of a parent.
     *
     * @param lines the elements; a line that is deeper than others begins with two blanks for each level
     */
    void append(XmlElement parent, List<String> lines) {
        if (parent.isSelfClosed()) {
            int end = parent.tagEnd() - 2;
            edits.add(new Edit(textEnd(end, parent.start()), parent.tagEnd(), ">" + laidOut(childBreak(parent), lines)
                    + breakBefore(parent) + "</" + parent.name() + ">"));
            return;
        }
        int end = textEnd(parent.contentEnd(), parent.tagEnd());
        boolean hasOwnLine = text.substring(end, parent.contentEnd()).contains("\n");
        insert(end, laidOut(childBreak(parent), lines) + (hasOwnLine ? "" : breakBefore(parent)));
    }

    /** Adds elements after one. */
    void addAfter(XmlElement sibling, List<String> lines) {
        insert(end(sibling), laidOut(breakBefore(sibling), lines));
    }

    /** Adds elements before one. */
    void addBefore(XmlElement sibling, List<String> lines) {
        String before = breakBefore(sibling);
        insert(sibling.start() - before.length(), laidOut(before, lines));
    }

    private void insert(int at, String added) {
        edits.add(new Edit(at, at, added));
    }

    private int end(XmlElement element) {
        return element.isSelfClosed() ? element.tagEnd() : text.indexOf('>', element.contentEnd()) + 1;
    }

    /** The offset after the last character before {@code end} that is not white space; not before {@code start}. */
    private int textEnd(int end, int start) {
        int at = end;
        while (at > start && Character.isWhitespace(text.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    /** The line break and the indentation before an element; nothing if it does not begin a line. */
    private String breakBefore(XmlElement element) {
        String blank = text.substring(textEnd(element.start(), 0), element.start());
        int newline = blank.lastIndexOf('\n');
        return newline < 0
                ? ""
                : blank.substring(newline > 0 && blank.charAt(newline - 1) == '\r' ? newline - 1 : newline);
    }

    private String childBreak(XmlElement parent) {
        String ofChildren = parent.children().stream().map(this::breakBefore).filter(found -> !found.isEmpty())
                .reduce((_, last) -> last).orElse("");
        if (!ofChildren.isEmpty()) {
            return ofChildren;
        }
        return breakBefore(parent).isEmpty() ? "" : breakBefore(parent) + unit();
    }

    /** By how much the root's children are indented, and so each child more than its parent. */
    private String unit() {
        return root.children().stream().map(this::breakBefore).filter(found -> !found.isEmpty()).findFirst()
                .map(found -> found.substring(found.indexOf('\n') + 1)).filter(found -> !found.isEmpty()).orElse(UNIT);
    }

    private String laidOut(String lineBreak, List<String> lines) {
        var laidOut = new StringBuilder();
        String unit = lineBreak.isEmpty() ? "" : unit();
        for (String line : lines) {
            String stripped = line.stripLeading();
            laidOut.append(lineBreak).append(unit.repeat((line.length() - stripped.length()) / UNIT.length()))
                    .append(stripped);
        }
        return laidOut.toString();
    }

    /** The text as the value of an attribute, with the quotation marks that it has less of. */
    static String quoted(String value) {
        return value.contains("\"") && !value.contains("'")
                ? "'" + escaped(value).replace("&quot;", "\"") + "'"
                : "\"" + escaped(value) + "\"";
    }

    /** The text as the value of an attribute in quotation marks. */
    static String escaped(String value) {
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    /** The document with all changes. */
    byte[] toBytes() {
        var changed = new StringBuilder();
        int at = 0;
        for (Edit edit : edits.stream().sorted(Comparator.comparingInt(Edit::start)).toList()) {
            changed.append(text, at, edit.start()).append(edit.text());
            at = edit.end();
        }
        return changed.append(text, at, text.length()).toString().getBytes(StandardCharsets.UTF_8);
    }
}
