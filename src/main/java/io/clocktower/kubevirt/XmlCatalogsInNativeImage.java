package io.clocktower.kubevirt;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import javax.xml.parsers.SAXParser;

/**
 * Leaves the parser of XML catalogs out of a native image, and with it the JDK's validation by XML schemas. {@link XmlDocument}
 * reads no DTD and no external entities, which alone are looked up in catalogs; but the JDK's scanner could.
 */
@TargetClass(className = "javax.xml.catalog.CatalogImpl")
final class XmlCatalogsInNativeImage {

    private XmlCatalogsInNativeImage() {}

    @Substitute
    private SAXParser getParser() {
        throw new UnsupportedOperationException("there are no XML catalogs in the native executable");
    }
}
