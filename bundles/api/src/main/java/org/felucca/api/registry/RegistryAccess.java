package org.felucca.api.registry;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one caller reaches registries, where that differs from the configuration.
 *
 * @param credentials the caller's own, or null for those of {@link RegistryLogins}
 * @param hostsFolder a folder of {@code <registry>/hosts.toml} files in place of the configured
 *     one, or null
 * @param plainHttp whether registries without a file there are spoken to without TLS
 * @param skipVerify whether any certificate will do
 * @param headers headers for requests to the registry itself; unmodifiable
 */
public record RegistryAccess(
    @Nullable Credentials credentials,
    @Nullable Path hostsFolder,
    boolean plainHttp,
    boolean skipVerify,
    Map<String, String> headers) {
  /** As configured. */
  public static final RegistryAccess DEFAULT =
      new RegistryAccess(null, null, false, false, Map.of());

  /** Copies the headers. */
  public RegistryAccess {
    headers = Map.copyOf(headers);
  }

  /** The same with the caller's own credentials. */
  public RegistryAccess withCredentials(Credentials own) {
    return new RegistryAccess(own, hostsFolder, plainHttp, skipVerify, headers);
  }
}
