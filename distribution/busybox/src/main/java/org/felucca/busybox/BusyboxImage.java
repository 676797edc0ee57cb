package org.felucca.busybox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Writes the image; the build calls its main. */
public final class BusyboxImage {
  private static final Map<String, String> ARCHITECTURES =
      Map.of("amd64", "amd64", "x86_64", "amd64", "aarch64", "arm64");

  private BusyboxImage() {}

  /**
   * Makes the layout, unless it was made from this busybox already.
   *
   * @param arguments the busybox binary and the folder of the layout
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path busybox = Path.of(arguments[0]);
    Path folder = Path.of(arguments[1]);
    if (!Files.isExecutable(busybox)) {
      fail(busybox + " is missing, and the image that the distribution carries is made of it");
    }
    byte[] binary = Files.readAllBytes(busybox);
    if (!StaticElf.is(binary)) {
      fail(busybox + " is not statically linked, so it would not run in an empty image");
    }
    Layout layout = new Layout(folder);
    String made = Layout.digest(binary);
    if (layout.isMadeFrom(made)) {
      return;
    }
    layout.write(
        new Rootfs(binary, applets(busybox)).layer(),
        ARCHITECTURES.getOrDefault(System.getProperty("os.arch"), System.getProperty("os.arch")),
        made);
  }

  /** The paths under which this busybox expects to be called, such as {@code usr/bin/awk}. */
  static List<String> applets(Path busybox) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(busybox.toString(), "--list-full")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String list = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(busybox + " --list-full ended with " + process.exitValue());
    }
    return list.lines().map(String::strip).filter(line -> !line.isEmpty()).sorted().toList();
  }

  @SuppressWarnings("SystemOut") // read by whoever builds
  private static void fail(String message) {
    System.err.println(message + "; apt-get install busybox-static, and build again");
    System.exit(1);
  }
}
