package org.felucca.spec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.spec.SpecHost;
import org.felucca.api.spec.SpecRequest;

/** A root file system of busybox, and requests for specs over it. */
final class Rootfs {
  static final String CONFIG =
      """
      {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},
       "config":{"Env":["PATH=/bin:/sbin","FROM_IMAGE=1","BOTH=image"],"Cmd":["sh"],"WorkingDir":"/work",
                 "User":"web","Labels":{"io.example":"x"}}}
      """;

  private Rootfs() {}

  static Path make(Path bundle) throws IOException, InterruptedException {
    Path root = bundle.resolve("rootfs");
    for (String dir : List.of("bin", "etc", "proc", "sys", "dev", "tmp", "work", "root")) {
      Files.createDirectories(root.resolve(dir));
    }
    Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
    for (String applet :
        List.of(
            "sh",
            "cat",
            "id",
            "env",
            "pwd",
            "hostname",
            "touch",
            "ls",
            "grep",
            "unshare",
            "mount",
            "stat",
            "test",
            "chroot",
            "head",
            "ulimit",
            "mknod",
            "echo",
            "wc",
            "ip",
            "true")) {
      Files.createSymbolicLink(root.resolve("bin/" + applet), Path.of("busybox"));
    }
    Files.writeString(
        root.resolve("etc/passwd"),
        """
        root:x:0:0:root:/root:/bin/sh
        # comment:x:1:1::/:
        broken:x:many:1::/:
        over:x:4294967296:0::/:
        web:x:1000:1001:Web:/home/web:/bin/sh
        nohome:x:1002:1002::relative:/bin/sh
        """);
    Files.writeString(
        root.resolve("etc/group"),
        """
        root:x:0:root
        daemon:x:2:root
        www:x:33:web,other
        web:x:1001:
        logs:x:44:web
        bad:x:no:web
        """);
    return root;
  }

  static SpecRequest request(Path rootfs, String config, CreateOptions options) {
    return new SpecRequest(
        new Namespace("spectest"),
        new ContainerId("c1"),
        options,
        config.getBytes(StandardCharsets.UTF_8),
        rootfs,
        "1.0.2-dev",
        SpecHost.plain(Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"))),
        List.of());
  }
}
