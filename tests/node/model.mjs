// A scripted stand-in for `openai:gpt-4.1`: reads the latest mail, then makes a reminder of it, then says what it did.
// When a tool answers with an error, it repeats that answer to the person, as a model would.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: Number(process.argv[2] ?? 0) });
const textOf = (content) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");
// Some frameworks hand on what the tool said, others the protocol's result around it.
const unwrapped = (text) => {
  try {
    const data = JSON.parse(text);
    if (typeof data?.error === "string") return `Error: ${data.error}`;
    const parts = Array.isArray(data) ? data : (data?.content ?? (data?.type === "text" ? [data] : undefined));
    return parts?.every?.((part) => part?.type === "text") ? textOf(parts) : text;
  } catch {
    return text;
  }
};
const toolAnswers = (request) => request.messages.filter((message) => message.role === "tool");
const call = (name, args) => ({ toolCalls: [{ name, arguments: JSON.stringify(args) }] });

function next(request) {
  const answers = toolAnswers(request).map((message) => unwrapped(textOf(message.content)));
  const last = answers.at(-1);
  if (last === undefined) return call("gmail_fetch_mails", { max_results: 1 });
  let data;
  try {
    data = JSON.parse(last);
  } catch {
    return { content: `I could not do that yet. The tool said: ${last}` };
  }
  if (answers.length === 1) {
    const subject = data.messages?.[0]?.subject ?? "no subject";
    const start = new Date(Date.now() + 15 * 60 * 1000).toISOString();
    return call("googlecalendar_create_event", { summary: `Reminder: ${subject}`, start_datetime: start });
  }
  return { content: `Done: the reminder "${data.summary ?? data.event?.summary}" is in your calendar.` };
}

mock.addFixture({ match: { predicate: () => true }, response: next });
await mock.start();
console.log(mock.url);
