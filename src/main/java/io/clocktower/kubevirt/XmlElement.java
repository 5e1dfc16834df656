package io.clocktower.kubevirt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** An element of a document and where it stands in its text. Offsets count characters from the document's start. */
final class XmlElement {

    private final String name;
    private final XmlElement parent;
    private final List<XmlAttribute> attributes;
    private final Map<String, String> namespaces;
    private final List<XmlElement> children = new ArrayList<>();
    private final int start;
    private final int tagEnd;
    private final boolean isSelfClosed;
    private int contentEnd;

    /**
     * @param name as it is written, with its prefix
     * @param parent null for the root
     * @param namespaces the URIs of all prefixes in its scope; the default namespace has the empty prefix
     * @param start the offset of the {@code <} of its start tag
     * @param tagEnd the offset after the {@code >} of its start tag
     * @param isSelfClosed whether its start tag ends in {@code />}
     */
    XmlElement(String name, XmlElement parent, List<XmlAttribute> attributes, Map<String, String> namespaces, int start,
            int tagEnd, boolean isSelfClosed) {
        this.name = name;
        this.parent = parent;
        this.attributes = attributes;
        this.namespaces = namespaces;
        this.start = start;
        this.tagEnd = tagEnd;
        this.isSelfClosed = isSelfClosed;
        contentEnd = tagEnd;
        if (parent != null) {
            parent.children.add(this);
        }
    }

    /** Its end tag begins here. */
    void endAt(int offset) {
        contentEnd = offset;
    }

    String name() {
        return name;
    }

    String prefix() {
        return name.contains(":") ? name.substring(0, name.indexOf(':')) : "";
    }

    String localName() {
        return name.substring(name.indexOf(':') + 1);
    }

    /** The URI of its namespace; empty if it is in none. */
    String namespace() {
        return namespaces.getOrDefault(prefix(), "");
    }

    boolean is(String uri, String local) {
        return localName().equals(local) && namespace().equals(uri);
    }

    XmlElement parent() {
        return parent;
    }

    Map<String, String> namespaces() {
        return namespaces;
    }

    int start() {
        return start;
    }

    int tagEnd() {
        return tagEnd;
    }

    boolean isSelfClosed() {
        return isSelfClosed;
    }

    int contentEnd() {
        return contentEnd;
    }

    List<XmlElement> children() {
        return children;
    }

    Stream<XmlElement> children(String uri, String local) {
        return children.stream().filter(child -> child.is(uri, local));
    }

    Optional<XmlElement> child(String uri, String local) {
        return children(uri, local).findFirst();
    }

    Optional<XmlAttribute> attribute(String attribute) {
        return attributes.stream().filter(other -> other.name().equals(attribute)).findFirst();
    }

    /** The value of an attribute; empty if it has none. */
    String value(String attribute) {
        return attribute(attribute).map(XmlAttribute::value).orElse("");
    }
}
