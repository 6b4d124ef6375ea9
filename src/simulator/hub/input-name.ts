/**
 * Which names may an input have? It is one level of a topic: without its separator, wildcards and control
 * characters.
 *
 * @source OASIS MQTT 3.1.1: 4.7
 */

export const INPUT_NAME = /^[^/+#\p{Cc}]+$/u;
export const INPUT_NAME_RULE = "a level of a topic: a text without /, + and #";

/** What is wrong with it, to stand behind what it names. */
export function inputNameFault(name: string): string | undefined {
  return INPUT_NAME.test(name)
    ? undefined
    : `is '${name.slice(0, 100)}', must be ${INPUT_NAME_RULE}`;
}
