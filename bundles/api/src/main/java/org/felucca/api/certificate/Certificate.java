package org.felucca.api.certificate;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A certificate that was made.
 *
 * @param subject whom it names, such as {@code CN=ci}
 * @param certificate the file with the certificate, in PEM
 * @param key the file with its private key, in PEM (PKCS 8)
 * @param authority the file with the certificate of the authority that signed it
 * @param until when it ends
 */
public record Certificate(
    String subject, Path certificate, Path key, Path authority, Instant until) {}
