package org.felucca.shell.verb;

import org.felucca.api.registry.RegistryAccess;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How registries are reached, where that differs from the configuration; a mixin. */
final class RegistryOptions {
  @Option(names = "--plain-http", description = "speak to the registry without TLS")
  boolean plainHttp;

  @Option(
      names = "--tls-verify",
      paramLabel = "BOOLEAN",
      arity = "1",
      description = "false: take any certificate of the registry")
  boolean tlsVerify = true;

  @Option(
      names = "--hosts-dir",
      paramLabel = "FOLDER",
      description = "a folder of REGISTRY/hosts.toml files in place of the configured ones")
  @Nullable String hosts;

  RegistryAccess access(Call call) {
    return plainHttp || !tlsVerify || hosts != null
        ? new RegistryAccess(
            null,
            hosts == null ? null : call.path(hosts),
            plainHttp,
            !tlsVerify,
            java.util.Map.of())
        : RegistryAccess.DEFAULT;
  }
}
