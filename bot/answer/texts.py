"""Every fixed sentence of an answer, in one place for the operator to read and change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnswerTexts:
    """The sentences around what is quoted, and the replies that need no article.

    Words in braces are filled in; each text may use only the ones it shows here.
    """

    intro: str = "The article says:"
    partly: str = "The article doesn't answer the rest of your question."
    not_covered: str = (
        "The article doesn't cover that. The nearest thing it does cover is “{topic}”."
    )
    not_covered_topic: str = (
        "The article says nothing about {subject}. The nearest thing it does cover is “{topic}”."
    )
    guarded: str = (
        "Because of what you have told me, I only quote what the article says about abuse, safety "
        "and taking responsibility. It has no more than that to say here."
    )
    nothing_near: str = "The article doesn't cover that. You could ask it another way."
    far: str = (
        "That's outside what I can help with: I only answer from the article. "
        "The nearest thing it covers is “{topic}”."
    )
    contact: str = "For questions about the programs, contact {name} on {phone}."
    contact_note: str = "That is the operator's own number, not a crisis line."

    greeting: str = (
        "Hello. I'm a program that answers questions from the article on this page. "
        "Ask me anything about it, in your own words."
    )
    how_are_you: str = (
        "Thanks for asking. I'm software, so I have no good or bad days. What would you like to "
        "know from the article?"
    )
    thanks: str = "You're welcome. Ask again whenever you like."
    farewell: str = "Take care. You can come back and ask at any time."
    acknowledged: str = "Is there anything else in the article you would like to know about?"
    who: str = (
        "I'm software, not a person. I answer questions with what the article says, and show "
        "where it says so. I'm not a counsellor or an emergency service, and I can't call "
        "anyone or see where you are."
    )
    abilities: str = (
        "Ask me about the article, in your own words. I can tell you what it says about: "
        "{topics}. I can only use what is in the article, and I show you where it stands."
    )
    privacy: str = (
        "This program keeps no record of what you type. What is on the screen can be seen by "
        "anyone who uses this device, so clear the chat or use the quick exit if that worries you."
    )

    title: str = "The article is called “{title}”."
    author: str = "The article was written by {author}."
    published_by: str = "The article doesn't name an author. It is published by {organisation}."
    no_author: str = "The article doesn't say who wrote it."
    organisation: str = "The article is published by {organisation}."
    no_organisation: str = "The article doesn't say who published it."
    published: str = "The article was published on {date}."
    no_date: str = "The article doesn't say when it was published."
    reading_time: str = "Reading time: {reading_time}."
    no_reading_time: str = "The article doesn't give a reading time."
    topics: str = "The article is filed under {topics}."
    no_topics: str = "The article doesn't say what it is filed under."
    views: str = "When I read the article in, its page showed {views} page views."
    no_views: str = "The article doesn't say how often it has been read."
    link: str = "You can read the whole article at {url}."
    no_link: str = "I don't have a link to the article."
    which_article: str = (
        "I know several articles: {titles}. Please ask that again and say which one you mean."
    )
