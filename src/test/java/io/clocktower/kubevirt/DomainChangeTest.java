package io.clocktower.kubevirt;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.config.ClocktowerConfig.FrontEndDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DomainChangeTest {

    private static final String SOCKET = "/var/run/kubevirt-hooks/hook-sidecar-0/sockets/vm0.sock";

    static Stream<String> domains() {
        return Domains.names();
    }

    private static byte[] apply(byte[] bytes, FrontEndDevice device, String socket) {
        XmlDocument domain = XmlDocument.parse(bytes);
        DomainChange.apply(domain, device, socket);
        return domain.toBytes();
    }

    private static String change(String domain) {
        return new String(apply(domain.getBytes(UTF_8), FrontEndDevice.VHOST_USER_RTC_PCI, SOCKET), UTF_8);
    }

    private static String refusal(String domain) {
        return assertThrows(HookException.class, () -> change(domain)).getMessage();
    }

    @Test
    void thereAreAtLeastTwelveDomains() {
        assertTrue(domains().count() >= 12);
    }

    @ParameterizedTest
    @MethodSource("domains")
    void onlyTheAskedLinesDiffer(String name) throws Exception {
        String before = Domains.read(name);
        assertEquals(Domains.diff(name), LineDiff.of(before, change(before)), name);
    }

    @ParameterizedTest
    @MethodSource("domains")
    void aSecondChangeChangesNothing(String name) throws Exception {
        String changed = change(Domains.read(name));
        assertEquals(changed, change(changed));
    }

    /** What of the first call's answer is still in the second call's domain: each part may be kept or dropped. */
    @ParameterizedTest
    @ValueSource(strings = {"kubevirt-plain", "kubevirt-other-sidecar", "kubevirt-hugepages"})
    void eachPartIsAddedWhereItIsMissingAndOnlyThere(String name) throws Exception {
        String changed = change(Domains.read(name));
        List<String> parts = new ArrayList<>();
        parts.addAll(List.of("\\s*<source type=\"memfd\"(?:/>|></source>)", "\\s*<access mode=\"shared\"/>",
                "\\s*<memoryBacking>(?s:.*?)</memoryBacking>", " xmlns:qemu=\"[^\"]+\"(?!(?s:.*)qemu:)"));
        for (String value : List.of("\"socket,[^\"]*\"", "'[^']*pcie-root-port[^']*'",
                "'[^']*vhost-user-rtc-pci[^']*'")) {
            parts.add("\\s*<qemu:arg value=\"-(?:chardev|device)\"/>\\s*<qemu:arg value=" + value + "/>");
        }
        parts.add("\\s*<qemu:commandline>(?s:.*?)</qemu:commandline>");
        for (int dropped = 0; dropped < 1 << parts.size(); dropped++) {
            String kept = changed;
            for (int i = parts.size() - 1; i >= 0; i--) {
                if ((dropped & 1 << i) != 0) {
                    kept = kept.replaceFirst(parts.get(i), "");
                }
            }
            String again = change(kept);
            assertTrue(hasAllOnce(again), again);
            assertEquals(again, change(again));
        }
    }

    private static boolean hasAllOnce(String domain) {
        int port = domain.indexOf("pcie-root-port");
        int device = domain.indexOf("vhost-user-rtc-pci");
        return Stream.of("<memoryBacking>", "type=\"memfd\"", "mode=\"shared\"", "<qemu:commandline>", "xmlns:qemu=",
                "\"socket,id=clocktower,path=" + SOCKET + "\"", "\"pcie-root-port\",\"id\":\"clocktower-port\"",
                "\"vhost-user-rtc-pci\",\"id\":\"clocktower-rtc\",\"chardev\":\"clocktower\",\"bus\":\"clocktower-port\"}")
                .allMatch(part -> domain.split(part, -1).length == 2) && port < device;
    }

    @Test
    void aDeviceThatTheUserPutAtTheSocketIsEnough() {
        String domain = """
                <domain xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
                  <memoryBacking>
                    <source type="memfd"/>
                    <access mode="shared"/>
                  </memoryBacking>
                  <qemu:commandline>
                    <qemu:arg value="-chardev"/>
                    <qemu:arg value="socket,path=%s,id=mine"/>
                    <qemu:arg value="-device"/>
                    <qemu:arg value="vhost-user-test-device-pci,virtio-id=17,num_vqs=2,chardev=mine"/>
                  </qemu:commandline>
                </domain>
                """.formatted(SOCKET);
        assertEquals(domain, change(domain));
    }

    @Test
    void argumentsThatDeclareTheNamespaceThemselvesLendItToNoOther() {
        String changed = change("<domain xmlns:q='%1$s'><q:commandline><arg xmlns='%1$s' value='-no-acpi'/>"
                .formatted(QemuCommandline.NAMESPACE) + "</q:commandline></domain>");
        assertTrue(changed.contains("value='-no-acpi'/><q:arg value=\"-chardev\"/>"), changed);
    }

    @ParameterizedTest
    @CsvSource({"-chardev,'socket,id=clocktower,path=/elsewhere'", "-device,'virtio-rng-pci,id=clocktower-rtc'"})
    void anIdThatIsUsedForSomethingElseIsRefused(String option, String value) {
        assertEquals("the domain's qemu:commandline has another %s with the id %s, expected that only Clocktower uses"
                .formatted(option, value.replaceFirst(".*id=([\\w-]+).*", "$1")) + " this id", refusal("""
                        <domain xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0"><q:commandline>
                        <q:arg value="%s"/><q:arg value="%s"/></q:commandline></domain>""".formatted(option, value)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {"VHOST_USER_RTC_PCI|\"vhost-user-rtc-pci\"",
            "VHOST_USER_TEST_DEVICE_PCI|\"vhost-user-test-device-pci\",\"virtio-id\":17,\"num_vqs\":2",
            "VHOST_USER_DEVICE_PCI|\"vhost-user-device-pci\",\"virtio-id\":17,\"num_vqs\":2"})
    void theDeviceIsTheOneThatIsSet(FrontEndDevice driver, String expected) {
        String changed = new String(
                apply("<domain><os><type machine='q35'/></os></domain>".getBytes(UTF_8), driver,
                        "/a,b&\"<c>.sock"),
                UTF_8);
        assertTrue(
                changed.contains(
                        "{\"driver\":" + expected + ",\"id\":\"clocktower-rtc\",\"chardev\":\"clocktower\",\"bus\":"),
                changed);
        assertTrue(changed.contains("path=/a,,b&amp;\"&lt;c&gt;.sock'"), changed);
        assertArrayEquals(changed.getBytes(UTF_8),
                apply(changed.getBytes(UTF_8), driver, "/a,b&\"<c>.sock"));
    }

    @Test
    void aMachineWithoutPciExpressGetsNoPort() throws Exception {
        assertTrue(change(Domains.read("libvirt-i440fx"))
                .contains("\"id\":\"clocktower-rtc\",\"chardev\":\"clocktower\"}"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "<domain><launchSecurity type='sev'/></domain>|the domain has launchSecurity: the memory of a confidential VM"
                    + " cannot be shared with Clocktower; remove launchSecurity or the clock",
            "<domain><os><type arch='s390x'>hvm</type></os></domain>|the domain is for s390x, which has no PCI device for"
                    + " the clock: expected x86_64 or aarch64",
            "<domain><os><type machine='s390-ccw-virtio'>hvm</type></os></domain>|the domain is for s390x, which has no PCI"
                    + " device for the clock: expected x86_64 or aarch64",
            "<domain xmlns='http://example.org/'/>|the document's root is domain in the namespace http://example.org/,"
                    + " expected domain in no namespace",
            "<network/>|the document's root is network, expected domain in no namespace",
            "''|the domain is not XML: it has no element", "{}|the domain is not XML: it has no element",
            "<domain><a></domain>|the domain is not well-formed XML: line 1 has an end tag of an element that is not open",
            "<domain><a>|the domain is not well-formed XML: the element a that begins in line 1 has no end",
            "<domain><!-- |the domain is not well-formed XML: a comment that begins in line 1 has no end",
            "<domain><![CDATA[|the domain is not well-formed XML: a CDATA section that begins in line 1 has no end",
            "<domain a='|the domain is not well-formed XML: the start tag of domain that begins in line 1 has no end",
            "<domain/><domain/>|the domain is not well-formed XML in line 1",
            "<?xml version='1.0' encoding='ISO-8859-1'?><domain/>|the domain is in the encoding ISO-8859-1, expected UTF-8"
    })
    void whatCannotWorkIsRefusedWithItsReason(String domain, String expected) {
        assertEquals(expected, refusal(domain));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<domain>&unknown;</domain>", "<domain a='1' a='2'/>", "<x:domain/>",
            "<domain><a b=c/></domain>",
            "<domain>]]></domain>", "<domain>\u0001</domain>", "text<domain/>", "<domain/>text"})
    void whatOnlyAParserSeesIsRefusedInOneLine(String domain) {
        String reason = refusal(domain);
        assertTrue(reason.startsWith("the domain is not well-formed XML: "), reason);
        assertTrue(reason.lines().count() == 1 && reason.length() < 400, reason);
    }

    @Test
    void aDtdIsRefusedBeforeAnythingItNamesIsRead() throws Exception {
        Path secret = Files.createTempFile("secret", "");
        try {
            Files.writeString(secret, "s3cret");
            for (String dtd : List.of("[<!ENTITY x SYSTEM '" + secret.toUri() + "'>]",
                    "SYSTEM '" + secret.toUri() + "'",
                    "[<!ENTITY a 'ha'><!ENTITY x '&a;&a;&a;&a;'>]")) {
                assertEquals("the domain has a DTD or a declaration in line 2, which is refused: a domain has neither",
                        refusal("<?xml version='1.0'?>\n<!DOCTYPE domain " + dtd + "><domain>&x;</domain>"));
            }
        } finally {
            Files.delete(secret);
        }
    }

    @Test
    @Timeout(10)
    void anEnormousDomainIsRefused() {
        assertEquals("the domain has 10485760 bytes, expected at most 2097152", refusal("x".repeat(10 << 20)));
        assertEquals("the domain has more than 50000 elements and attributes",
                refusal("<domain>" + "<a/>".repeat(400_000) + "</domain>"));
        assertEquals("the domain has more than 50000 elements and attributes",
                refusal("<a>".repeat(60_000) + "</a>".repeat(60_000)));
        assertTrue(refusal("<domain>" + "<a>".repeat(20_000) + "</a>".repeat(20_000) + "</domain>")
                .startsWith("the domain is not well-formed XML: "));
        change("<domain><!--" + " - ".repeat(500_000) + "--></domain>");
        assertTrue(refusal("<domain " + " ".repeat(2_000_000)).contains("has no end"));
    }

    @Test
    void aDomainInAnotherEncodingIsRefused() {
        for (byte[] bytes : List.of("<domain/>".getBytes(UTF_16), new byte[]{'<', (byte) 0xff, '>'})) {
            assertEquals("the domain is not text in UTF-8", assertThrows(HookException.class,
                    () -> apply(bytes, FrontEndDevice.VHOST_USER_RTC_PCI, SOCKET)).getMessage());
        }
    }
}
