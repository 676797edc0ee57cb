package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;

/** How a command ended. */
record Result(String command, int status, byte[] outBytes, byte[] errBytes) {
  String out() {
    return new String(outBytes, StandardCharsets.UTF_8);
  }

  String err() {
    return new String(errBytes, StandardCharsets.UTF_8);
  }

  /** Standard output without the newline at its end. */
  String line() {
    return ok().out().strip();
  }

  Result ok() {
    assertEquals(0, status, this::toString);
    return this;
  }

  /** What another way gives, if this one failed. */
  Result orElse(Supplier<Result> other) {
    return status == 0 ? this : other.get();
  }

  Result endsWith(int expected) {
    assertEquals(expected, status, this::toString);
    return this;
  }

  /** It is gone: removed by this, or by what went on behind before this came to it. */
  Result gone() {
    assertTrue(
        status == 0 || err().contains("not found") || err().contains("does not exist"),
        this::toString);
    return this;
  }

  Result prints(String expected) {
    assertEquals(expected, ok().out(), this::toString);
    return this;
  }

  /** Fails with this status and a message that holds all of these, and nothing of Java. */
  Result fails(int expected, String... parts) {
    assertEquals(expected, status, this::toString);
    for (String part : parts) {
      assertTrue(err().contains(part), () -> "message lacks '" + part + "': " + this);
    }
    assertFalse(err().contains("Exception"), this::toString);
    assertFalse(err().contains("\tat "), this::toString);
    return this;
  }

  /** The engine refuses it: status 125 and a message with all of these. */
  Result refused(String... parts) {
    return fails(125, parts);
  }

  /** The JSON documents of the output, one a line. */
  List<JsonObject> json() {
    return ok().out()
        .lines()
        .map(line -> Json.object(line.getBytes(StandardCharsets.UTF_8), command))
        .toList();
  }

  @Override
  public String toString() {
    return command + "\nstatus " + status + "\n--- out\n" + out() + "\n--- err\n" + err();
  }
}
