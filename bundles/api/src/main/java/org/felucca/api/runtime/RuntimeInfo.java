package org.felucca.api.runtime;

import java.nio.file.Path;

/**
 * What is known of a runtime's binary.
 *
 * @param binary where it is, absolute
 * @param version the first line of what {@code --version} says
 * @param ociVersion the newest version of the OCI runtime spec that it takes, such as {@code 1.0.2}
 * @param features what {@code features} says, as JSON; empty if it knows no such command
 */
public record RuntimeInfo(Path binary, String version, String ociVersion, String features) {}
