package io.clocktower.kubevirt;

/**
 * An attribute of an element.
 *
 * @param name as it is written, with its prefix
 * @param valueStart the offset of its value's first character, after the quotation mark
 * @param valueEnd the offset of the quotation mark after its value
 * @param value without references to characters
 */
record XmlAttribute(String name, int valueStart, int valueEnd, String value) {}
